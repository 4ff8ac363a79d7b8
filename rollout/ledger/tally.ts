import { added, percentile } from "./latency.ts";
import type { LedgerRow } from "./ledgerSums.ts";

/** What many rows of the ledger come to. */
export interface Tally {
  readonly requests: number;
  readonly lost: number;
  readonly errors: number;
  readonly cut: number;
  readonly retries: number;
  /** In milliseconds; `undefined` without a request. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** Sums rows up. */
export function tally(rows: readonly LedgerRow[]): Tally {
  const sum = (count: (row: LedgerRow) => number) => rows.reduce((total, row) => total + count(row), 0);
  const latency = added(rows.map((row) => row.latency));
  return {
    requests: sum((row) => row.requests),
    lost: sum((row) => row.lost),
    errors: sum((row) => row.errors),
    cut: sum((row) => row.cut),
    retries: sum((row) => row.retries),
    p50: percentile(latency, 0.5),
    p99: percentile(latency, 0.99),
  };
}
