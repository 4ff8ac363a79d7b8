import { messageOf, RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import type { AppHost, Revision, Slot } from "../host/appHost.ts";
import { describeGate } from "./describeGate.ts";
import { type FleetMember, releaseBefore } from "./fleet.ts";
import { awaitSettled } from "./gates.ts";
import { goesBackTo, type HostRoll, type HostRollOptions } from "./hostRoll.ts";
import { HostRollFailed } from "./hostRollFailed.ts";
import { HostSteps } from "./hostSteps.ts";
import { LeavingApplication } from "./leavingApplication.ts";
import type { PhaseTimes } from "./phases.ts";
import type { RollContext } from "./rollContext.ts";
import type { SlotView } from "./slotView.ts";
import { clearSlot } from "./tidyUp.ts";

/**
 * Brings one host to a revision in its free slot, beside the old application, which serves until the new one has passed
 * its gates, and is kept until the soak is over. Before the new one is admitted, a failure touches no traffic; after
 * that, two flags lead back.
 */
export class StartFirst implements HostRoll {
  readonly member: FleetMember;
  readonly endsUnnoticed = true;
  readonly #options: HostRollOptions;
  readonly #context: RollContext;
  readonly #host: AppHost;
  readonly #old: Slot;
  readonly #spare: SlotView;
  readonly #new: Slot;
  readonly #revision: Revision;
  readonly #steps: HostSteps;
  readonly #isStarted: boolean;
  readonly #leaving: LeavingApplication;
  /** Whether the old application takes all traffic again. */
  #isBack = false;
  /** Whether clients may have reached the new application. */
  #hasShifted: boolean;

  /** `isStarted` says that a roller which died has started the revision in the spare slot. */
  constructor(options: HostRollOptions, spare: SlotView, isStarted: boolean) {
    this.#options = options;
    this.member = options.member;
    this.#context = options.context;
    this.#host = this.member.host;
    this.#old = this.member.slot;
    this.#spare = spare;
    this.#new = spare.slot;
    this.#revision = options.revision;
    this.#steps = new HostSteps(this.#host, this.#context, "start");
    this.#leaving = new LeavingApplication(this.#host, this.#old, this.#steps, this.#context);
    this.#isStarted = isStarted;
    this.#hasShifted = !spare.drained;
  }

  get times(): PhaseTimes {
    return this.#steps.times;
  }

  get slot(): Slot {
    return this.#new;
  }

  get earlier(): Revision | undefined {
    return goesBackTo(this.#options);
  }

  async bring(): Promise<void> {
    const { signal, before } = this.#options;
    try {
      await this.#prepare(signal);
      await before;
      signal.throwIfAborted();
      await this.#shift(signal);
    } catch (error) {
      await this.#giveUp(error);
    }
  }

  /** The old application is stopped only now. */
  async commit(): Promise<void> {
    await this.#leaving.stop(this.#steps.markLastKnownGood(this.#new, this.#revision));
  }

  async undo(): Promise<boolean> {
    await this.#goBack("another host of the batch failed");
    await this.#leaveOld();
    this.#context.follower?.wentBack(this.#host);
    return true;
  }

  /** Whether no request can get to what starts in the free slot, so that it may start while the standby flag goes down. */
  get #startsUnasked(): boolean {
    const { running, drained } = this.#spare;
    return this.#options.startsUnasked === true && !this.#isStarted && drained && !running;
  }

  /** Everything before the first request. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const { before, startsBeside } = this.#options;
    const alone = this.#steps.standBy(false);
    alone.catch(() => {});
    if (!this.#startsUnasked) await alone;
    // A machine may have no room for the JVM that is about to stop, its successor, and one more.
    if (!startsBeside) await before;
    if (this.#isStarted) {
      await this.#steps.switchTo(this.#revision.release);
    } else {
      await clearSlot(this.#spare, this.#steps, signal);
      await inOrder(alone, this.#steps.switchAndStart(this.#new, this.#revision));
    }
    await this.#steps.awaitUp(this.#new, this.#revision.release, signal);
  }

  /** In this order, so that capacity never drops. The old application leaves and finishes its requests during the soak. */
  async #shift(signal: AbortSignal): Promise<void> {
    this.#hasShifted = true;
    await this.#steps.admit(this.#new, this.#revision.release);
    const ended = new AbortController();
    const onFailure = () => this.#goBack("it failed its soak");
    const onLast = () => {
      // Another host of the batch may still be soaking, or fail.
      if (this.#options.endsAlone) this.#leaving.askAhead();
      this.#options.onLast?.();
    };
    const watching = AbortSignal.any([signal, ended.signal]);
    const both = [
      this.#leaving.leave(this.member.drained, ended.signal),
      this.#steps.soak(this.#new, this.#revision.release, watching, { onFailure, onLast }),
    ];
    try {
      await Promise.all(both);
      await this.#steps.afterHost(releaseBefore(this.member));
    } finally {
      ended.abort();
      // The soak goes back by itself, which must not happen while something else goes on.
      await Promise.allSettled(both);
    }
  }

  /** Two flags. If another roller took over, they are theirs. */
  async #goBack(why: string): Promise<void> {
    if (this.#isBack) return;
    const takes = this.#hasShifted ? "takes all traffic again" : "keeps all traffic";
    if (this.#hasShifted) {
      // Or these flags would be raised last.
      await this.#leaving.isAtRest();
      await this.#context.assertHeld();
      await this.#context.proxy.admit(this.#old);
      await this.#context.proxy.drain(this.#new);
      await this.#context.proxy.standBy(false);
    }
    this.#isBack = true;
    this.#context.report("restore", `${why}; ${this.#oldRelease} ${takes}`, this.#host);
  }

  async #giveUp(failure: unknown): Promise<never> {
    const { signal, revision } = this.#options;
    const { name } = this.#host;
    const { phase } = this.#steps;
    const { earlier } = this;
    const failed = { host: this.#host, slot: this.#new, phase, revision, earlier, failure };
    const isStopped = signal.aborted && !(failure instanceof RollgateError);
    const what = isStopped ? "" : (await describeGate(failed, this.#context)).what;
    const startedBeside = this.#oldRelease;
    let hadEnded = false;
    try {
      // A wait that was cut short says only that.
      await this.#goBack(messageOf(isStopped ? signal.reason : failure));
      hadEnded = await this.#leaveOld();
    } catch (error) {
      const outcome = `Going back to ${this.#oldRelease} failed too (${messageOf(error)})`;
      throw new HostRollFailed({
        host: name,
        phase,
        what: what || messageOf(failure),
        outcome,
        cause: failure,
        backFailure: error,
        startedBeside,
      });
    }
    this.#context.follower?.wentBack(this.#host);
    if (isStopped) throw failure;
    const outcome = hadEnded
      ? `${name} is back on ${this.#oldRelease}, which had ended by itself and was started again`
      : `${name} serves ${this.#oldRelease}, which ran all the time`;
    throw new HostRollFailed({ host: name, phase, what, outcome, cause: failure, startedBeside });
  }

  /** Stops the new application; returns whether the old one had ended meanwhile and had to be started again. */
  async #leaveOld(): Promise<boolean> {
    if (this.#hasShifted) await awaitSettled(this.#new, this.#context, new AbortController().signal);
    await this.#context.assertHeld();
    await this.#new.stopForGood(this.#context.policy.timing.graceSeconds);
    this.#context.follower?.runs(this.#new, undefined);
    const { running, current } = this.member.state;
    const back = running?.release ?? current;
    if (back !== undefined) await this.#host.switchTo(back);
    if (!running || (await this.#old.runningApp())?.pid === running.pid) return false;
    await this.#startOld({ release: running.release, launch: running.launch ?? this.#revision.launch });
    return true;
  }

  /** Its supervisor may have done so already. Like any other application, it passes its gates before it is admitted. */
  async #startOld(revision: Revision): Promise<void> {
    await this.#steps.drain(this.#old);
    if (!(await this.#old.runningApp())) await this.#steps.start(this.#old, revision);
    await this.#steps.awaitUp(this.#old, revision.release, new AbortController().signal);
    await this.#steps.admit(this.#old, revision.release);
  }

  get #oldRelease(): string {
    return this.member.state.running?.release ?? "the old release";
  }
}
