import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { type Look, lookAt } from "./look.ts";
import { patiently } from "./patiently.ts";
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
  readonly #onSilence: (error: RollgateError) => void;
  #watched: Watched | undefined;
  #wake = () => {};

  constructor(context: KubernetesRollContext, onSilence: (error: RollgateError) => void) {
    this.#context = context;
    this.#onSilence = onSilence;
  }

  /** If the API can't be reached for a moment, an answer is missing; nothing has failed. */
  look(): Promise<Look> {
    return patiently(() => this.#look(), this.#onSilence, this.#context.signal);
  }

  /** What the API says now, whatever the watches have told. */
  lookItself(): Promise<Look> {
    const { cluster, workload, signal } = this.#context;
    return patiently(() => lookAt(cluster, workload), this.#onSilence, signal);
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

  async #look(): Promise<Look> {
    const { cluster, workload, watches } = this.#context;
    if (!watches.isAllowed) return lookAt(cluster, workload);
    const old = this.#watched;
    if (old && !old.failure && old.ageMilliseconds < RENEW_MILLISECONDS) return old.look();
    const now = await lookAt(cluster, workload);
    if (!now.deployment) return now;
    try {
      this.#watched = await Watched.open(cluster, workload, now.deployment, () => this.#wake());
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
