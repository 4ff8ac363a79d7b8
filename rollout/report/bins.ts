import { groupBy } from "../common/groupBy.ts";
import type { LedgerRow } from "../ledger/ledgerSums.ts";
import { type Tally, tally } from "../ledger/tally.ts";
import type { TimeAxis } from "./timeAxis.ts";

/** Under which requests are found that no slot got. */
export const NO_SLOT = "";
/** Under which requests are found of slots whose release is not known. */
export const UNKNOWN = "?";
const MOST_BINS = 200;
const WIDTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400];

/** A piece of the time axis, and what nginx counted in it. */
export interface Bin {
  /** In seconds since the roll began, as far as the axis shows it. */
  readonly from: number;
  readonly to: number;
  /** By what the slots were running; under a name of its own, what no slot got, or one that ran nobody knows what. */
  readonly byRelease: ReadonlyMap<string, Tally>;
  readonly all: Tally;
}

/** Puts rows into equal pieces of the axis, wide enough to be seen; those without requests are among them. */
export function bins(rows: readonly LedgerRow[], axis: TimeAxis): Bin[] {
  const length = axis.to - axis.from;
  const width = WIDTHS.find((seconds) => length / seconds <= MOST_BINS) ?? Math.ceil(length / MOST_BINS);
  const origin = Math.floor(axis.began / 1000);
  const offset = origin - axis.began / 1000;
  const indexOf = (second: number) => Math.floor((second - origin) / width);
  const byIndex = groupBy(rows, ({ second }) => indexOf(second));
  const first = Math.floor((axis.from - offset) / width);
  const last = Math.ceil((axis.to - offset) / width);
  const indices = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return indices.map((index) => {
    const inside = byIndex.get(index) ?? [];
    const byRelease = groupBy(inside, ({ slot, release }) => release ?? (slot ? UNKNOWN : NO_SLOT));
    return {
      from: Math.max(axis.from, offset + index * width),
      to: Math.min(axis.to, offset + (index + 1) * width),
      byRelease: new Map([...byRelease].map(([release, some]) => [release, tally(some)])),
      all: tally(inside),
    };
  });
}
