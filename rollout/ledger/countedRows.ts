import { added } from "./latency.ts";
import type { LedgerRow } from "./ledgerSums.ts";
import type { SlotReleases } from "./slotReleases.ts";

/** What was counted by second and slot; what the slots were running may become known later. */
export class CountedRows {
  readonly #releases: Pick<SlotReleases, "at">;
  readonly #rows = new Map<string, LedgerRow>();
  /** Until something is counted or another release runs. */
  #inOrder: readonly LedgerRow[] | undefined;

  constructor(releases: Pick<SlotReleases, "at">) {
    this.#releases = releases;
  }

  add(row: LedgerRow): void {
    const key = `${row.second} ${row.slot}`;
    const before = this.#rows.get(key);
    this.#rows.set(key, before ? together(before, row) : row);
    this.#inOrder = undefined;
  }

  /** Call it when another release runs somewhere. */
  runsOther(): void {
    this.#inOrder = undefined;
  }

  /** In order, with releases. */
  rows(): readonly LedgerRow[] {
    this.#inOrder ??= [...this.#rows.values()]
      .toSorted((a, b) => a.second - b.second)
      .map((row) => this.#withRelease(row));
    return this.#inOrder;
  }

  #withRelease(row: LedgerRow): LedgerRow {
    const release = row.slot === undefined ? undefined : this.#releases.at(row.slot, row.second * 1000);
    return release === undefined ? row : { ...row, release };
  }
}

function together(a: LedgerRow, b: LedgerRow): LedgerRow {
  return {
    ...a,
    requests: a.requests + b.requests,
    lost: a.lost + b.lost,
    errors: a.errors + b.errors,
    cut: a.cut + b.cut,
    retries: a.retries + b.retries,
    bytes: a.bytes + b.bytes,
    latency: added([a.latency, b.latency]),
  };
}
