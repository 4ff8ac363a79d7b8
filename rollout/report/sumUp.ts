import type { LedgerRow } from "../ledger/ledgerSums.ts";
import { type Tally, tally } from "../ledger/tally.ts";
import type { RollRecord } from "../record/rollRecord.ts";

/** What nginx counted, before hosts changed and while they did. */
export interface Sums {
  readonly before: Tally;
  readonly during: Tally;
  /** During the roll, by what the slots were running, in the order of their releases. */
  readonly byRelease: readonly { readonly release: string; readonly tally: Tally }[];
  /** During the roll, what no slot got, or one whose release is not known. */
  readonly others: Tally;
}

/** What nginx counted before and during a roll; `undefined` if it counted no request at all. */
export function sumUp(record: RollRecord, releases: readonly string[]): Sums | undefined {
  const { ledger = [] } = record;
  const since = changesFrom(record);
  const isDuring = ({ second }: LedgerRow) => second >= since;
  const during = ledger.filter(isDuring);
  const before = ledger.filter((row) => !isDuring(row));
  if (!ledger.some(({ requests }) => requests > 0)) return undefined;
  const byRelease = releases
    .map((release) => ({ release, tally: tally(during.filter((row) => row.release === release)) }))
    .filter((each) => each.tally.requests > 0);
  const others = tally(during.filter(({ release }) => release === undefined));
  return { before: tally(before), during: tally(during), byRelease, others };
}

/** The second, since 1970, from which hosts changed. */
export function changesFrom(record: RollRecord): number {
  return record.changesFrom ?? Math.floor((Date.parse(record.began) || 0) / 1000);
}
