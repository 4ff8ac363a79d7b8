import { setTimeout as sleep } from "node:timers/promises";
import { CountedNginx, type Take } from "./countedNginx.ts";
import type { RequestCounter } from "./requestCounter.ts";

const LOOK_MILLISECONDS = 3_000;

/** All nginx in front of a fleet, whose requests are counted during a roll. Never throws. */
export class CountedFront {
  readonly #nginx: readonly CountedNginx[];
  readonly #ending = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #ahead: Promise<unknown> = Promise.resolve();
  #isReadingAhead = false;

  constructor(counters: readonly RequestCounter[], take: Take) {
    this.#nginx = counters.map((counter) => new CountedNginx(counter, take));
  }

  /** Returns whether any of them counts, once all do or have failed to; from then on, they are looked at. */
  async begin(): Promise<boolean> {
    await Promise.all(this.#nginx.map((nginx) => nginx.begin()));
    const isOn = this.#nginx.some((nginx) => nginx.isOn);
    if (isOn) this.#looking = this.#keepLooking();
    return isOn;
  }

  /** Reads what was answered until `at`, which may turn out not to be the end. */
  readAhead(at: number): void {
    this.#isReadingAhead = true;
    this.#ahead = Promise.all(this.#nginx.map((nginx) => nginx.read(at))).finally(() => {
      this.#isReadingAhead = false;
    });
  }

  /** Returns once everything is here that was answered until `at`, in milliseconds of `performance.now()`. */
  async read(at: number): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#looking, this.#ahead]);
    await Promise.all(this.#nginx.map((nginx) => nginx.read(at)));
  }

  /** Stops counting; returns a line about each nginx that did not count every request. */
  async end(): Promise<string[]> {
    await Promise.all(this.#nginx.map((nginx) => nginx.end()));
    return this.#nginx.flatMap(({ name, problem }) =>
      problem === undefined ? [] : `not every request was counted: ${name}: ${problem}`,
    );
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(LOOK_MILLISECONDS, undefined, { signal }).catch(() => {});
      // The end would wait for one that comes after the last.
      if (!signal.aborted && !this.#isReadingAhead)
        await Promise.all(this.#nginx.map((nginx) => nginx.look()));
    }
  }
}
