import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeTraffic as Policy } from "../request/probeTraffic.ts";
import type { RequestCounter } from "./requestCounter.ts";

type Counter = Pick<RequestCounter, "probe">;

/** How long the last answers are waited for. */
const LAST_MILLISECONDS = 5_000;
/** How long nobody is asked at first, and after a failure. */
const PAUSE_MILLISECONDS = 1_000;
/** If answers take long, requests must not pile up. */
const MOST_AT_ONCE = 50;

/** Sends requests through nginx while a roll is on. nginx counts what came of them; what matters here is that they go on. */
export class ProbeTraffic {
  readonly #policy: Policy;
  readonly #counters: readonly Counter[];
  readonly #warn: (message: string) => void;
  readonly #pauseMilliseconds: number;
  readonly #ending = new AbortController();
  readonly #givingUp = new AbortController();
  readonly #open = new Set<Promise<void>>();
  #loops: readonly Promise<void>[] = [];
  /** A status that says little about the application, such as of a page that is not there. */
  #odd: number | undefined;

  constructor(
    policy: Policy,
    counters: readonly Counter[],
    warn: (message: string) => void,
    pauseMilliseconds = PAUSE_MILLISECONDS,
  ) {
    this.#policy = policy;
    this.#counters = counters;
    this.#warn = warn;
    this.#pauseMilliseconds = pauseMilliseconds;
  }

  /** Call it once nginx counts and somebody answers; may be called again. */
  begin(): void {
    if (this.#loops.length > 0 || this.#ending.signal.aborted) return;
    const senders = this.#counters.flatMap(({ probe }) => probe ?? []);
    const milliseconds = (1000 * senders.length) / this.#policy.requestsPerSecond;
    this.#loops = senders.map((send) => this.#keepSending(send, milliseconds));
  }

  /** Waits a moment for the last answers. */
  async end(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#loops);
    const last = setTimeout(() => this.#givingUp.abort(), LAST_MILLISECONDS);
    await Promise.all(this.#open);
    clearTimeout(last);
    if (this.#counters.every(({ probe }) => probe === undefined)) {
      this.#warn("no probe requests were sent: no nginx of this stack can tell them from those of clients");
    }
    if (this.#odd !== undefined) {
      this.#warn(
        `probe requests to ${this.#policy.path} were answered ${this.#odd}, expected 2xx (probeTraffic)`,
      );
    }
  }

  async #keepSending(send: NonNullable<Counter["probe"]>, milliseconds: number): Promise<void> {
    const { signal } = this.#ending;
    const pause = (length: number) => sleep(length, undefined, { signal }).catch(() => {});
    let pausesUntil = 0;
    // An admission takes a moment to be seen.
    await pause(this.#pauseMilliseconds);
    while (!signal.aborted) {
      if (this.#open.size < MOST_AT_ONCE && performance.now() >= pausesUntil) {
        const sent = send(this.#policy.path, this.#givingUp.signal).then(
          (status) => this.#saw(status),
          () => {
            pausesUntil = performance.now() + this.#pauseMilliseconds;
          },
        );
        const tracked = sent.finally(() => this.#open.delete(tracked));
        this.#open.add(tracked);
      }
      await pause(milliseconds);
    }
  }

  /** nginx counts what the application or nginx itself failed to answer. */
  #saw(status: number): void {
    if (status >= 300 && status < 500) this.#odd ??= status;
  }
}
