import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { messageOf } from "../common/errors.ts";
import { within } from "../common/within.ts";
import type { FailedPath, Look, PlaceSum, RequestCounter } from "./requestCounter.ts";

const ANSWER_SECONDS = 5;
/** Clocks that differ by less are taken for the same: a look takes a moment, too. */
const SAME_CLOCK_SECONDS = 2;
/** nginx writes its lines a moment after its answers: by default so long after them at most. */
const WRITTEN_MILLISECONDS = 200;
/** What a busy machine adds at most. */
const LATE_MILLISECONDS = 100;
/** How long nginx may be held up between an answer and its line, if somebody sees when the line is written. */
const HELD_UP_MILLISECONDS = 20;

/** Gets what nginx counted, by the deployer's clock. */
export interface Take {
  sum(sum: PlaceSum): void;
  path(path: FailedPath): void;
}

/** One nginx whose requests are counted during a roll. Never throws: a roll must not fail because of it. */
export class CountedNginx {
  isOn = false;
  readonly #counter: RequestCounter;
  readonly #to: Take;
  readonly #inTurn = pLimit(1);
  #skewSeconds: number | undefined;
  #isFull = false;
  #readUntil: number | undefined;
  /** Of the begin, or of the last look: one that fails misses nothing if the next one does not. */
  #failure: string | undefined;

  constructor(counter: RequestCounter, take: Take) {
    this.#counter = counter;
    this.#to = take;
  }

  get name(): string {
    return this.#counter.name;
  }

  /** Why not all of its requests were counted, if so. */
  get problem(): string | undefined {
    return this.#isFull ? "its file became too long" : this.#failure;
  }

  async begin(): Promise<void> {
    this.#failure = await failureOf("starting the ledger", async () => {
      this.isOn = await this.#counter.begin();
    });
  }

  async look(look = () => this.#counter.look()): Promise<void> {
    if (!this.isOn) return;
    await this.#inTurn(async () => {
      this.#failure = await failureOf("reading the ledger", () => this.#take(look));
    });
  }

  /**
   * Takes a look once all is written that was answered until `at`, in milliseconds of `performance.now()`; none if that
   * has been taken already. What is answered later is not waited for.
   */
  async read(at: number): Promise<void> {
    if (!this.isOn || this.#readUntil === at) return;
    const { writtenMilliseconds = WRITTEN_MILLISECONDS, lookOnceWritten } = this.#counter;
    const most = lookOnceWritten ? HELD_UP_MILLISECONDS : LATE_MILLISECONDS;
    await sleep(Math.max(0, at + writtenMilliseconds + most - performance.now()));
    await this.look(lookOnceWritten && (() => lookOnceWritten(LATE_MILLISECONDS - HELD_UP_MILLISECONDS)));
    if (this.#failure === undefined) this.#readUntil = at;
  }

  async end(): Promise<void> {
    // It may have begun in spite of a failure.
    if (!this.isOn && this.#failure === undefined) return;
    // If that fails, a process beside nginx ends it a while later.
    const failure = await failureOf("stopping the ledger", () => this.#counter.end());
    if (failure === undefined) this.isOn = false;
    else this.#failure = failure;
  }

  async #take(look: () => Promise<Look>): Promise<void> {
    const { at, sums, paths = [], isFull } = await look();
    this.#skewSeconds ??= skewOf(at - Date.now() / 1000);
    for (const sum of sums) this.#to.sum({ ...sum, second: sum.second - this.#skewSeconds });
    for (const path of paths) this.#to.path(path);
    if (!isFull || this.#isFull) return;
    this.#isFull = true;
    await this.#counter.stop();
  }
}

async function failureOf(what: string, work: () => Promise<void>): Promise<string | undefined> {
  try {
    await within(ANSWER_SECONDS, what, work());
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function skewOf(seconds: number): number {
  return Math.abs(seconds) <= SAME_CLOCK_SECONDS ? 0 : Math.round(seconds);
}
