import { tally } from "../ledger/tally.ts";
import type { KeptRoll } from "./recordFolder.ts";
import type { RollOutcome, RollRecord } from "./rollRecord.ts";

/** Rolls that an output lists. */
const LISTED = 10;

/** One roll of a stack, in short. */
export interface HistoryEntry {
  readonly id: string;
  readonly began: string;
  readonly owner: string;
  /** What the hosts ran before; absent if they ran nothing, or if the roll ended before it looked. */
  readonly from?: string;
  readonly to: string;
  readonly seconds?: number;
  readonly outcome: RollOutcome;
  /** What nginx counted, if it did. */
  readonly requests?: number;
  readonly lost?: number;
  /** The path of its report, on the machine that rolled. */
  readonly report?: string;
}

/** A roll in short. */
export function historyEntry({ record, report }: KeptRoll): HistoryEntry {
  const from = distinct(record.hosts.flatMap((host) => host.from ?? []));
  return {
    id: record.id,
    began: record.began,
    owner: record.owner,
    ...(from !== "" && { from }),
    to: distinct(record.hosts.map(({ to }) => to)),
    ...(record.durationSeconds !== undefined && { seconds: record.durationSeconds }),
    outcome: record.outcome,
    ...countsOf(record),
    ...(report !== undefined && { report }),
  };
}

/** The newest rolls, newest first, of all that are known; the first list wins. */
export function mergeHistory(...known: readonly (readonly HistoryEntry[])[]): HistoryEntry[] {
  const byId = new Map(known.toReversed().flatMap((list) => list.map((entry) => [entry.id, entry])));
  return [...byId.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, LISTED);
}

/** The entries in what was recorded elsewhere; anything else is left out. */
export function entriesIn(value: unknown): HistoryEntry[] {
  return Array.isArray(value) ? value.filter(isEntry) : [];
}

function isEntry(value: unknown): value is HistoryEntry {
  const { id, began, owner, to, outcome } = Object(value);
  return [id, began, owner, to, outcome].every((each) => typeof each === "string");
}

/** What nginx counted since hosts changed; what came before is there for comparison. */
function countsOf(record: RollRecord): Pick<HistoryEntry, "requests" | "lost"> {
  const { ledger, changesFrom = Math.floor(Date.parse(record.began) / 1000) } = record;
  if (!ledger) return {};
  const { requests, lost } = tally(ledger.filter(({ second }) => second >= changesFrom));
  return { requests, lost };
}

function distinct(releases: readonly string[]): string {
  return [...new Set(releases)].join(", ");
}
