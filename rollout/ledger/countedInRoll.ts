import type { ProbeFigures } from "./figures.ts";
import type { LedgerRow } from "./ledgerSums.ts";
import type { FailedPath } from "./requestCounter.ts";

/** What nginx counted in a roll. */
export interface CountedInRoll {
  /** What clients sent, from a while before the roll until its end. */
  readonly ledger: readonly LedgerRow[];
  /** The second from which hosts changed: what was counted before shows how it was. */
  readonly changesFrom: number;
  /** What came of the roll's own requests since then; absent if it sent none. */
  readonly probes?: ProbeFigures;
  /** The paths of clients that failed most, if nginx tells paths. */
  readonly paths?: readonly FailedPath[];
}
