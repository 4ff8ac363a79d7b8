import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { AnsweredTime } from "./answeredTime.ts";
import { type Look, lookAt } from "./look.ts";
import { type Patience, patiently } from "./patiently.ts";
import type { KubernetesRollContext } from "./rollContext.ts";
import { Watched } from "./watched.ts";

/** Also without a change, since soaks and deadlines come to their end. */
const TICK_MILLISECONDS = 500;
/** Changes come several at a time. */
const PAUSE_MILLISECONDS = 50;
/** A connection may be dead without a word. */
const RENEW_MILLISECONDS = 30_000;

/** Looks at a workload whenever something has changed; asks twice a second if the account may not watch. */
export class Watching {
  readonly #context: KubernetesRollContext;
  readonly #time: AnsweredTime;
  readonly #patience: Patience;
  #watched: Watched | undefined;
  #wake = () => {};

  constructor(context: KubernetesRollContext, time: AnsweredTime, onSilence: (error: RollgateError) => void) {
    this.#context = context;
    this.#time = time;
    this.#patience = { onSilence, time, signal: context.signal };
  }

  /** If the API can't be reached for a moment, an answer is missing; nothing has failed. */
  look(): Promise<Look> {
    // What watches have told is no answer.
    const told = this.#told();
    return told ? Promise.resolve(told) : patiently(() => this.#look(), this.#patience);
  }

  /** What the API says now, whatever the watches have told. */
  lookItself(): Promise<Look> {
    const { cluster, workload } = this.#context;
    return patiently(() => lookAt(cluster, workload), this.#patience);
  }

  /** Waits for a change, or for a moment. */
  async change(): Promise<void> {
    const { signal } = this.#context;
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([changed, sleep(TICK_MILLISECONDS, undefined, { signal })]);
    if (this.#watched) await sleep(PAUSE_MILLISECONDS, undefined, { signal });
  }

  async end(): Promise<void> {
    await this.#watched?.end();
  }

  /** What is known without a question, as long as there is no reason to doubt it. */
  #told(): Look | undefined {
    const watched = this.#watched;
    const isNew = watched && !watched.failure && watched.ageMilliseconds < RENEW_MILLISECONDS;
    return isNew && !this.#time.isSilent ? watched.look() : undefined;
  }

  #hear(failure: RollgateError | undefined): void {
    if (!failure) this.#time.heard();
    this.#wake();
  }

  async #look(): Promise<Look> {
    const { cluster, workload, watches } = this.#context;
    if (!watches.isAllowed) return lookAt(cluster, workload);
    const old = this.#watched;
    const now = await lookAt(cluster, workload);
    if (!now.deployment) return now;
    try {
      this.#watched = await Watched.open(cluster, workload, now.deployment, (failure) => this.#hear(failure));
      await old?.end();
      return this.#watched.look();
    } catch (error) {
      if (!isForbidden(error)) throw error;
      watches.isAllowed = false;
      this.#context.report("wait", `asks twice a second, since ${messageOf(error)}`, workload);
      return now;
    }
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof RollgateError && error.code === "cluster-forbids";
}
