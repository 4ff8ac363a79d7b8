import type { LedgerRow } from "./ledgerSums.ts";
import { tally } from "./tally.ts";

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
  /** What the roll sent itself, and is in none of the other figures; absent if it sent nothing. */
  readonly probes?: ProbeFigures;
}

/** What came of the requests of the roll itself. */
export type ProbeFigures = Pick<LedgerFigures, "requests" | "lost" | "errors">;

/** Sums up what was counted in a roll; rows before `since` only say how it was before. */
export function figuresOf(
  rows: readonly LedgerRow[],
  since: number,
  probeRows: readonly LedgerRow[] = [],
): LedgerFigures {
  const probes = probesOf(probeRows, since);
  const during = tally(rows.filter(({ second }) => second >= since));
  const before = tally(rows.filter(({ second }) => second < since));
  const { requests, lost, errors, cut, retries, p99 } = during;
  const isEnough = before.requests >= FEWEST_BEFORE;
  return {
    requests,
    lost,
    errors,
    cut,
    retries,
    ...(p99 !== undefined && { p99Milliseconds: p99 }),
    ...(isEnough && before.p99 !== undefined && { p99BeforeMilliseconds: before.p99 }),
    ...(probes && { probes }),
  };
}

function probesOf(rows: readonly LedgerRow[], since: number): ProbeFigures | undefined {
  const { requests, lost, errors } = tally(rows.filter(({ second }) => second >= since));
  return requests === 0 ? undefined : { requests, lost, errors };
}
