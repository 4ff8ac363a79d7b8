import type { Attributes, Span as OpenSpan, Tracer } from "@opentelemetry/api";
import { historyEntry } from "../record/history.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import { hostsProgress } from "../report/hostProgress.ts";
import { fleetSpans, type Span } from "../report/spans.ts";

/** Makes a span of a roll that is over, one of each host that it touched, and one of each of their phases. */
export async function addSpans(record: RollRecord, tracer: Tracer): Promise<void> {
  const { ROOT_CONTEXT, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const began = Date.parse(record.began);
  const end = record.durationSeconds ?? record.reports.at(-1)?.elapsedSeconds ?? 0;
  const at = (seconds: number) => new Date(began + seconds * 1000);

  const begin = (name: string, from: number, attributes: Attributes, parent?: OpenSpan) =>
    tracer.startSpan(
      name,
      { startTime: at(from), attributes },
      parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    );
  const addPhases = (spans: readonly Span[], attributes: Attributes, parent: OpenSpan) => {
    for (const { phase, from, to, message, isUnfinished } of spans) {
      const span = begin(phase, from, { ...attributes, "rollgate.message": message }, parent);
      if (isUnfinished) span.setStatus({ code: SpanStatusCode.ERROR, message });
      span.end(at(to));
    }
  };

  const root = begin("roll", 0, attributesOf(record));
  addPhases(fleetSpans(record.reports), {}, root);
  for (const { name, from, to, spans, fate } of hostsProgress(record, end)) {
    if (spans.length === 0) continue;
    const attributes = {
      "rollgate.host": name,
      "rollgate.fate": fate,
      ...(from !== undefined && { "rollgate.from": from }),
      ...(to !== undefined && { "rollgate.to": to }),
    };
    const host = begin(name, Math.min(...spans.map((span) => span.from)), attributes, root);
    addPhases(spans, { "rollgate.host": name }, host);
    if (fate === "back" || fate === "between") host.setStatus({ code: SpanStatusCode.ERROR });
    host.end(at(Math.max(...spans.map((span) => span.to))));
  }
  const message = record.failure?.message ?? (record.outcome === "killed" ? "killed" : undefined);
  if (message !== undefined) root.setStatus({ code: SpanStatusCode.ERROR, message });
  root.end(at(end));
}

function attributesOf(record: RollRecord): Attributes {
  const { requests, lost } = historyEntry({ record });
  const known = {
    "rollgate.id": record.id,
    "rollgate.stack": record.stack,
    "rollgate.owner": record.owner,
    "rollgate.release": record.release,
    "rollgate.outcome": record.outcome,
    "rollgate.commit": record.commit,
    "rollgate.requests": requests,
    "rollgate.lost": lost,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}
