/** How long kubelets and controllers may take to report what has happened, once the API is back. */
const RECOVERY_MILLISECONDS = 30_000;

/**
 * A clock for deadlines, in milliseconds: it stands still while the API is silent, and for as long again afterwards, up to
 * half a minute. That nobody answered is no evidence against a release.
 */
export class AnsweredTime {
  #heardAt = performance.now();
  #behind = 0;
  #still: { readonly at: number; readonly until: number } | undefined;

  now(): number {
    const now = performance.now();
    if (!this.#still) return now - this.#behind;
    if (now < this.#still.until) return this.#still.at;
    this.#behind = this.#still.until - this.#still.at;
    this.#still = undefined;
    return now - this.#behind;
  }

  /** Whether nobody has answered the last question. */
  get isSilent(): boolean {
    return this.#still?.until === Number.POSITIVE_INFINITY;
  }

  /** Whether it stands still. */
  get isStill(): boolean {
    this.now();
    return this.#still !== undefined;
  }

  /** The API has answered a question, or a watch has told something. */
  heard(): void {
    const now = performance.now();
    if (this.#still && this.isSilent) {
      const recovery = Math.min(now - this.#heardAt, RECOVERY_MILLISECONDS);
      this.#still = { ...this.#still, until: now + recovery };
    }
    this.#heardAt = now;
  }

  /** The API has not answered a question; it may have been silent since it was last heard of. */
  missed(): void {
    this.now();
    const at = this.#still?.at ?? this.#heardAt - this.#behind;
    this.#still = { at, until: Number.POSITIVE_INFINITY };
  }
}
