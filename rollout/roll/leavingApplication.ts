import { inOrder } from "../common/inOrder.ts";
import type { AppHost, RunningApp, Slot } from "../host/appHost.ts";
import type { HostSteps } from "./hostSteps.ts";
import type { RollContext } from "./rollContext.ts";
import { tidyUp } from "./tidyUp.ts";

/** The application that a host had before: it leaves while the new one soaks, may answer for that one, and is stopped. */
export class LeavingApplication {
  readonly #host: AppHost;
  readonly #slot: Slot;
  readonly #steps: HostSteps;
  readonly #context: RollContext;
  /** Connections of clients that outlived the drain. */
  #left = 0;
  /** That it gets no new requests, and may then answer for the new one; later, that it may not any more. */
  #standing: Promise<void> = Promise.resolve();
  /** What runs in its slot, and that the lease is held, if that was asked with the last question of the soak. */
  #asked: Promise<RunningApp | undefined> | undefined;

  constructor(host: AppHost, slot: Slot, steps: HostSteps, context: RollContext) {
    this.#host = host;
    this.#slot = slot;
    this.#steps = steps;
    this.#context = context;
  }

  /** Takes it out of traffic, and returns once its requests are finished; `ended` says that nobody waits for them any more. */
  async leave(isDrained: boolean, ended: AbortSignal): Promise<void> {
    const drained = isDrained ? Promise.resolve() : this.#steps.drain(this.#slot);
    this.#standing = drained.then(() => this.#steps.standBy(true));
    const settled = drained.then(() => this.#steps.settle(this.#slot, ended));
    [this.#left] = await Promise.all([settled, this.#standing]);
  }

  /**
   * Begins a round trip before the end of the soak what comes before the stop, unless others may still decide about the new
   * application.
   */
  askAhead(): void {
    const { hooks, analysisChecks = [] } = this.#context.policy;
    if (hooks?.afterHost?.length || analysisChecks.length > 0) return;
    this.#asked = this.#steps.beforeStop(this.#slot);
    this.#asked.catch(() => {});
    this.#standing = this.#standing.then(() => this.#steps.standBy(false));
    this.#standing.catch(() => {});
  }

  /** Resolves once no flag about it is on its way any more, whether or not that failed. */
  async isAtRest(): Promise<void> {
    await this.#standing.catch(() => {});
  }

  /**
   * Stops it once the new one is recorded; beside that if nothing is left to be asked: whichever of the two a roller that
   * dies has reached, the next one goes on.
   */
  async stop(recorded: Promise<void>): Promise<void> {
    const isAhead = this.#asked !== undefined && this.#left === 0;
    const alone = isAhead ? this.#standing : this.#steps.standBy(false);
    const asked = isAhead ? this.#asked : this.#left > 0 ? undefined : this.#steps.beforeStop(this.#slot);
    if (!isAhead) await inOrder(recorded, ...[alone, asked].map((step) => step?.catch(() => {})));
    if (this.#left > 0) this.#left = await this.#context.proxy.connections(this.#slot);
    this.#steps.warnOfConnections(this.#left);
    const stopped = tidyUp(this.#host, this.#context, async () => {
      await alone;
      await this.#steps.stopForGood(this.#slot, asked);
    });
    await inOrder(recorded, stopped);
  }
}
