import { added, percentile } from "./latency.ts";
import type { LedgerRow } from "./ledgerSums.ts";

/** With fewer requests, one slow one would be the percentile. */
export const FEWEST_BEFORE = 100;

/** What a roll did to requests, in a few figures. */
export interface LedgerFigures {
  readonly requests: number;
  readonly lost: number;
  readonly errors: number;
  readonly cut: number;
  readonly retries: number;
  /** Absent without a request. */
  readonly p99Milliseconds?: number;
  /** In the seconds before the first host was touched; absent if there were too few requests. */
  readonly p99BeforeMilliseconds?: number;
}

/** Sums up what was counted in a roll; rows before `since` only say how it was before. */
export function figuresOf(rows: readonly LedgerRow[], since: number): LedgerFigures {
  const [during, before] = [
    rows.filter((row) => row.second >= since),
    rows.filter((row) => row.second < since),
  ];
  const sum = (of: readonly LedgerRow[], key: "requests" | "lost" | "errors" | "cut" | "retries") =>
    of.reduce((total, row) => total + row[key], 0);
  const p99 = (of: readonly LedgerRow[]) => percentile(added(of.map(({ latency }) => latency)), 0.99);
  const [p99Milliseconds, p99Before] = [p99(during), p99(before)];
  const isEnough = sum(before, "requests") >= FEWEST_BEFORE;
  return {
    requests: sum(during, "requests"),
    lost: sum(during, "lost"),
    errors: sum(during, "errors"),
    cut: sum(during, "cut"),
    retries: sum(during, "retries"),
    ...(p99Milliseconds !== undefined && { p99Milliseconds }),
    ...(isEnough && p99Before !== undefined && { p99BeforeMilliseconds: p99Before }),
  };
}
