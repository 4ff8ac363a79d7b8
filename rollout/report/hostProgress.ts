import { groupBy } from "../common/groupBy.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import type { Report } from "../roll/reporter.ts";
import { hostSpans, leadsBack, type Span } from "./spans.ts";

/** What became of a host: `between` if the roll left it in the middle of its turn. */
export type HostFate = "rolled" | "back" | "between" | "same" | "untouched";

/** One host of a roll and what was done to it. */
export interface HostProgress {
  readonly name: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly reports: readonly Report[];
  readonly spans: readonly Span[];
  readonly fate: HostFate;
}

/** All hosts in the order of the settings, then those that only reports name. */
export function hostsProgress(record: RollRecord, end: number): HostProgress[] {
  const byHost = groupBy(record.reports, ({ host }) => host ?? "");
  byHost.delete("");
  const named = record.hosts.map(({ name }) => name);
  const others = [...byHost.keys()].filter((name) => !named.includes(name)).map((name) => ({ name }));
  const cut = record.outcome === "succeeded" ? undefined : { at: end, inSoak: mayEndInSoak(record) };
  return [...record.hosts, ...others].map((host) => {
    const reports = byHost.get(host.name) ?? [];
    const spans = hostSpans(reports, cut);
    return { ...host, reports, spans, fate: fateOf(reports, spans) };
  });
}

/** In words, for a label. */
export const FATES: Readonly<Record<HostFate, string>> = {
  rolled: "runs the new release",
  back: "went back",
  between: "was left in the middle of its turn",
  same: "ran it already",
  untouched: "was not touched",
};

/** A soak that fails ends with the way back; without a soak, taking traffic is the end of a turn. */
function mayEndInSoak({ outcome, settings }: RollRecord): boolean {
  const [, soakSeconds] = Object.entries(settings).find(([key]) => /:soakSeconds$/.test(key)) ?? [];
  return outcome !== "failed" && soakSeconds !== 0;
}

function fateOf(reports: readonly Report[], spans: readonly Span[]): HostFate {
  if (reports.some(leadsBack)) return "back";
  if (spans.some(({ isUnfinished }) => isUnfinished)) return "between";
  if (spans.some(({ phase }) => phase === "admit")) return "rolled";
  if (reports.some(({ phase }) => phase === "done")) return "same";
  return spans.length > 0 ? "between" : "untouched";
}
