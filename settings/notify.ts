import { InvalidInput } from "#rollout/common/errors.ts";
import { isObject } from "#rollout/common/isObject.ts";
import { notifyEvents } from "#rollout/request/notify.ts";
import type { Reader } from "./reader.ts";

/** The OpenTelemetry collector, if there is one. */
export function readTraceCollector(reader: Reader): {
  readonly traceCollector?: string;
  readonly stack?: string;
} {
  const traceCollector = reader.text("traceCollector");
  return traceCollector === "" ? {} : { traceCollector, stack: reader.stack };
}

/** Who is told about rolls, with defaults filled in, and whose they are; nothing if nobody is. URLs may be secret. */
export function readNotify(reader: Reader): { readonly notify?: unknown[]; readonly stack?: string } {
  const given = reader.plain("notify");
  if (!Array.isArray(given)) throw new InvalidInput("notify", "expected a list, got something else");
  if (given.length === 0) return {};
  const notify = given.map((entry, index) => {
    if (isObject(entry)) return { events: notifyEvents, format: "json", ...entry };
    throw new InvalidInput(`notify[${index}]`, "expected an object with a url, got something else");
  });
  return { notify, stack: reader.stack };
}
