import { isDeepStrictEqual } from "node:util";
import type { Change } from "#kinds/change.ts";
import { Ahead } from "#rollout/common/ahead.ts";
import type { CheckAnswer } from "./crud.ts";

/** After a refresh, a program takes about two seconds to declare its resources, or some more on a busy machine. */
const CURRENT_MILLISECONDS = 5_000;

/**
 * Checks of resources that were just refreshed, which begin while Pulumi starts the program: most likely, it declares
 * them as they are. Over SSH, the answer would take a round trip that everybody waits for.
 */
export class ChecksAhead {
  readonly #check: (change: Change) => Promise<CheckAnswer>;
  readonly #begun = new Map<Change, Ahead<CheckAnswer>>();

  constructor(check: (change: Change) => Promise<CheckAnswer>) {
    this.#check = check;
  }

  begin(change: Change): void {
    this.#begun.set(change, new Ahead(this.#check(change)));
  }

  /** The answer to the same question if that was asked lately; what was refused is asked again. */
  async check(change: Change): Promise<CheckAnswer> {
    for (const [asked, ahead] of this.#begun) {
      if (!isDeepStrictEqual(asked, change)) continue;
      this.#begun.delete(asked);
      const answer = ahead.isCurrent(CURRENT_MILLISECONDS) ? await ahead.answer.catch(() => {}) : undefined;
      if (answer?.inputs) return answer;
    }
    return this.#check(change);
  }

  /** Returns once none is on its way, and forgets them all: what they are about changes. */
  async end(): Promise<void> {
    const begun = [...this.#begun.values()];
    this.#begun.clear();
    await Promise.allSettled(begun.map(({ answer }) => answer));
  }
}
