import { messageOf } from "../common/errors.ts";
import type { AppHost, Revision, Slot } from "../host/appHost.ts";
import { describeGate } from "./describeGate.ts";
import { type FleetMember, releaseBefore } from "./fleet.ts";
import { awaitSettled } from "./gates.ts";
import { goesBackTo, type HostRoll, type HostRollOptions, runsTheRevision } from "./hostRoll.ts";
import { HostRollFailed } from "./hostRollFailed.ts";
import { HostSteps } from "./hostSteps.ts";
import { requireEnoughPeers, TooFewPeers } from "./peers.ts";
import type { PhaseTimes } from "./phases.ts";
import type { RollContext } from "./rollContext.ts";
import { clearSlot, tidyUp } from "./tidyUp.ts";

/**
 * Brings one host to a revision in the slot it serves from: out of traffic, replaced, gated, back into traffic. Once
 * the old process is asked to stop, the host is finished or restored, whatever the signal says: in between is no safe
 * point.
 */
export class StopFirst implements HostRoll {
  readonly member: FleetMember;
  /** It may have to drain what serves from its other slot. */
  readonly endsUnnoticed = false;
  readonly #options: HostRollOptions;
  readonly #context: RollContext;
  readonly #host: AppHost;
  readonly slot: Slot;
  readonly #revision: Revision;
  readonly #steps: HostSteps;
  readonly #uninterrupted = new AbortController().signal;
  /** Asked beside the peers, so that the application is stopped as soon as they are known. */
  #asked: ReturnType<HostSteps["beforeStop"]> | undefined;

  constructor(options: HostRollOptions) {
    this.#options = options;
    this.member = options.member;
    this.#context = options.context;
    this.#host = this.member.host;
    this.slot = this.member.slot;
    this.#revision = options.revision;
    this.#steps = new HostSteps(this.#host, this.#context, "drain");
  }

  get times(): PhaseTimes {
    return this.#steps.times;
  }

  get earlier(): Revision | undefined {
    return goesBackTo(this.#options);
  }

  async bring(): Promise<void> {
    const { signal, before } = this.#options;
    await before;
    signal.throwIfAborted();
    // A deployer that died may have left it on, and the new application is drained until it has passed its gates.
    if (this.member.spare) await this.#steps.standBy(false);
    const onlyToBeAdmitted = runsTheRevision(this.member, this.#revision);
    if (!onlyToBeAdmitted) await this.#drain();
    try {
      if (onlyToBeAdmitted) await this.#steps.switchTo(this.#revision.release);
      else await this.#replace(this.#revision);
      await this.#admit(
        this.#revision,
        async (signal) => {
          await this.#steps.soak(this.slot, this.#revision.release, signal);
          await this.#steps.afterHost(releaseBefore(this.member));
        },
        this.#isLast ? this.#options.onAdmitted : undefined,
      );
    } catch (error) {
      await this.#restore(error);
    }
  }

  /** Whatever serves from the other slot has made up for this one until now. */
  async commit(): Promise<void> {
    const { spare } = this.member;
    if (!spare) return;
    await tidyUp(this.#host, this.#context, () => clearSlot(spare, this.#steps, this.#uninterrupted));
  }

  async undo(): Promise<boolean> {
    return false;
  }

  async #drain(): Promise<void> {
    const { proxy } = this.#context;
    const { signal } = this.#options;
    try {
      await this.#steps.drain(this.slot);
      if (this.member.state.running)
        this.#steps.warnOfConnections(await this.#steps.settle(this.slot, signal));
      // Settling takes time, and beyond this point the host cannot just stay in traffic.
      this.#asked = this.#steps.beforeStop(this.slot);
      this.#asked.catch(() => {});
      await requireEnoughPeers(this.member, this.#context);
      signal.throwIfAborted();
    } catch (error) {
      // If another roller took over, the drain flag is theirs.
      await this.#context.assertHeld();
      if (!this.member.drained) await proxy.admit(this.slot);
      if (error instanceof TooFewPeers)
        this.#context.report("restore", `takes traffic again: ${messageOf(error)}`, this.#host);
      if (signal.aborted || error instanceof TooFewPeers) throw error;
      throw new HostRollFailed({
        host: this.#host.name,
        phase: "drain",
        what: `${this.#host.name} could not be drained: ${messageOf(error)}`,
        cause: error,
      });
    }
  }

  async #replace(revision: Revision): Promise<void> {
    const asked = this.#asked;
    this.#asked = undefined;
    await this.#steps.stop(this.slot, asked);
    await this.#steps.switchAndStart(this.slot, revision);
  }

  /** Whether nothing follows its admission: no soak, no hook, nothing to be stopped in its other slot. */
  get #isLast(): boolean {
    const { timing, hooks } = this.#context.policy;
    const { spare } = this.member;
    const isAlone = !spare || (spare.drained && !spare.running);
    return timing.soakSeconds === 0 && !hooks?.afterHost?.length && isAlone;
  }

  async #admit(
    revision: Revision,
    watch: (signal: AbortSignal) => Promise<void>,
    onAdmitted?: () => void,
  ): Promise<void> {
    await this.#steps.awaitUp(this.slot, revision.release, this.#uninterrupted);
    await this.#steps.admit(this.slot, revision.release);
    onAdmitted?.();
    await watch(this.#options.signal);
    await this.#steps.markLastKnownGood(this.slot, revision);
  }

  /** Puts the host back on what it ran before, through the same gates, and reports how that went. */
  async #restore(failure: unknown): Promise<never> {
    const { name } = this.#host;
    const { phase } = this.#steps;
    const { earlier } = this;
    const gate = { host: this.#host, slot: this.slot, phase, revision: this.#revision, earlier, failure };
    const { what, anew } = await describeGate(gate, this.#context);
    const failed = { host: name, phase, what, cause: failure };
    try {
      await this.#context.assertHeld();
      await this.#context.proxy.drain(this.slot);
      await awaitSettled(this.slot, this.#context, this.#uninterrupted);
      if (earlier) {
        this.#context.report("restore", `${messageOf(failure)}; back to ${earlier.release}`, this.#host);
        await this.#replace(earlier);
        await this.#admit(earlier, (signal) => this.#steps.soakAgain(this.slot, earlier.release, signal));
      } else {
        await this.slot.stop(this.#context.policy.timing.graceSeconds);
        this.#context.follower?.runs(this.slot, undefined);
      }
    } catch (error) {
      const back = earlier ? `Going back to ${earlier.release}` : "Stopping it";
      const outcome = `${back} failed too (${messageOf(error)}): ${name} stays drained`;
      throw new HostRollFailed({ ...failed, outcome, backFailure: error });
    }
    if (earlier) this.#context.follower?.wentBack(this.#host);
    const outcome = earlier
      ? `is back on ${earlier.release}${anew && " with its previous options"}`
      : "has no earlier release: it is stopped and drained";
    throw new HostRollFailed({ ...failed, outcome: `${name} ${outcome}` });
  }
}
