import { added, slowerThan } from "../ledger/latency.ts";
import type { Latency, LedgerRow } from "../ledger/ledgerSums.ts";
import { tally } from "../ledger/tally.ts";
import type { Part } from "./proportions.ts";

/** What clients got from a release. */
export interface Traffic {
  readonly requests: number;
  /** Answers with a status from 500 on, and requests without an answer. */
  readonly failed: Part;
  /** Of the requests that count for it. */
  readonly latency: Latency;
}

/** Adds rows up; latencies count from a second on. */
export function trafficOf(rows: readonly LedgerRow[], latencySince = Number.NEGATIVE_INFINITY): Traffic {
  const { requests, errors, lost } = tally(rows);
  const late = rows.filter(({ second }) => second >= latencySince);
  const latency = added(late.map((row) => row.latency));
  return { requests, failed: { some: errors + lost, of: requests }, latency };
}

/** How many requests took longer, of all. */
export function slowPart(latency: Latency, milliseconds: number): Part {
  return { some: slowerThan(latency, milliseconds), of: slowerThan(latency, -1) };
}
