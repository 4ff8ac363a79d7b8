import { setTimeout as sleep } from "node:timers/promises";
import { deferred } from "../common/deferred.ts";
import { messageOf } from "../common/errors.ts";
import { within } from "../common/within.ts";
import { type Lease, LeaseLost } from "../lease/lease.ts";
import type { StatusFile } from "./statusFile.ts";

const ANSWER_SECONDS = 5;

/** How often one nginx is written to. */
export interface WritePace {
  readonly atMostEveryMilliseconds: number;
  /** Even if nothing changes, so that a roll that was killed can be told from one that waits. */
  readonly atLeastEveryMilliseconds: number;
  /** How long the end of a roll waits for the last write. */
  readonly lastSeconds: number;
}

const PACE: WritePace = {
  atMostEveryMilliseconds: 1_000,
  atLeastEveryMilliseconds: 5_000,
  lastSeconds: 3,
};

/** The lease of a roll; asking for it costs a command on the machine. */
export type Held = Pick<Lease, "signal" | "assertHeldLately">;

/** Keeps what one nginx shows up to date, in the background. Never throws: a roll must not fail because of it. */
export class StatusWriter {
  readonly #file: StatusFile;
  readonly #text: () => string;
  readonly #lease: Held;
  readonly #pace: WritePace;
  readonly #ending = new AbortController();
  #changed = deferred();
  #waitsUntil = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: string | undefined;

  constructor(file: StatusFile, text: () => string, lease: Held, pace = PACE) {
    this.#file = file;
    this.#text = text;
    this.#lease = lease;
    this.#pace = pace;
  }

  get name(): string {
    return this.#file.name;
  }

  /** Why what was written last is not there, if so. */
  get problem(): string | undefined {
    return this.#failure && `${this.#file.name}: ${this.#failure}`;
  }

  begin(): void {
    this.#writing = this.#keepWriting();
  }

  /** The text is another one by now. */
  changed(): void {
    this.#changed.resolve();
  }

  /** Leaves the next write to the end, if that comes soon: it would have to wait for a write that has begun. */
  waits(): void {
    this.#waitsUntil = performance.now() + this.#pace.atMostEveryMilliseconds;
  }

  /** Writes the text for the last time. Nothing would put that right if the page showed another roll by now. */
  async end(): Promise<void> {
    this.#ending.abort();
    this.changed();
    const last = this.#writing.then(() => this.#write(() => this.#lease.assertHeldLately()));
    this.#failure = (await failureOf(within(this.#pace.lastSeconds, "writing it", last))) ?? this.#failure;
  }

  async #keepWriting(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      this.#changed = deferred();
      await this.#write();
      await sleep(this.#pace.atMostEveryMilliseconds, undefined, { signal }).catch(() => {});
      await this.#untilChanged();
      const wait = Math.max(0, this.#waitsUntil - performance.now());
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }

  async #untilChanged(): Promise<void> {
    const { atMostEveryMilliseconds, atLeastEveryMilliseconds } = this.#pace;
    const timer = setTimeout(() => this.changed(), atLeastEveryMilliseconds - atMostEveryMilliseconds);
    await this.#changed.promise;
    clearTimeout(timer);
  }

  async #write(check = async () => {}): Promise<void> {
    if (this.#lease.signal.reason instanceof LeaseLost) return;
    const work = async () => {
      await check();
      await this.#file.write(this.#text());
    };
    this.#failure = await failureOf(within(ANSWER_SECONDS, "writing it", work()));
  }
}

async function failureOf(work: Promise<void>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
}
