/** Which release each slot ran when, as a roll changes it. Times are in milliseconds since 1970. */
export class SlotReleases {
  readonly #runs = new Map<string, { readonly since: number; readonly release: string }[]>();
  readonly #drained = new Map<string, number>();

  /** What a slot was seen running; counts only if nothing is known about it. Returns whether it does. */
  seen(slot: string, release: string): boolean {
    if (this.#runs.has(slot)) return false;
    this.#runs.set(slot, [{ since: Number.NEGATIVE_INFINITY, release }]);
    return true;
  }

  drains(slot: string, at: number): void {
    this.#drained.set(slot, at);
  }

  /** Call it before the first request can get there. A slot got none since it was drained, so no clock must be exact. */
  admits(slot: string, release: string, at: number): void {
    const drained = this.#drained.get(slot);
    const since = drained === undefined ? Number.NEGATIVE_INFINITY : (drained + at) / 2;
    this.#runs.set(slot, [...(this.#runs.get(slot) ?? []), { since, release }]);
  }

  at(slot: string, milliseconds: number): string | undefined {
    return this.#runs.get(slot)?.findLast(({ since }) => since <= milliseconds)?.release;
  }
}
