import { inOrder } from "../common/inOrder.ts";
import type { AppHost, Revision, RunningApp, Slot } from "../host/appHost.ts";
import { awaitUp } from "./awaitUp.ts";
import { awaitSettled } from "./gates.ts";
import { Phases, type PhaseTimes } from "./phases.ts";
import type { Phase } from "./reporter.ts";
import { type RollContext, withoutJudges } from "./rollContext.ts";
import { type SoakListener, soak } from "./soak.ts";

/** What a roll does to one host, step by step: each is timed, reported, and preceded by a look at the lease. */
export class HostSteps {
  readonly #phases: Phases;
  readonly #host: AppHost;
  readonly #context: RollContext;

  /** `first` is the phase of what fails before any other begins. */
  constructor(host: AppHost, context: RollContext, first: Phase) {
    this.#host = host;
    this.#context = context;
    this.#phases = new Phases(host, context, first);
  }

  get times(): PhaseTimes {
    return this.#phases.times;
  }

  /** The phase that failed, or the last one that began, or the first. */
  get phase(): Phase {
    return this.#phases.phase;
  }

  async drain(slot: Slot): Promise<void> {
    await this.#flagging("drain", async () => {
      await this.#context.proxy.drain(slot);
      return "no new requests";
    });
  }

  /** Waits until nginx has no connection to the slot; returns how many are left at the deadline. */
  async settle(slot: Slot, signal: AbortSignal): Promise<number> {
    let left = 0;
    await this.#phases.timed("settle", async () => {
      left = await awaitSettled(slot, this.#context, signal);
      return left === 0
        ? "no connections left"
        : `${left} connections left after ${this.#context.policy.timing.settleSeconds} s: graceful shutdown has to finish them`;
    });
    return left;
  }

  /** To be told once a slot was stopped that had connections left. */
  warnOfConnections(left: number): void {
    if (left === 0) return;
    const { settleSeconds } = this.#context.policy.timing;
    const open = left === 1 ? "1 connection was" : `${left} connections were`;
    this.#context.warn(
      `was stopped while ${open} still open after ${settleSeconds} s: usually websockets or long streams, whose clients reconnect`,
      this.#host,
    );
  }

  /** What runs in a slot that is to be stopped, if that and the lease are asked for beside something else. */
  async beforeStop(slot: Slot): Promise<RunningApp | undefined> {
    const [, running] = await inOrder(this.#context.assertHeld(), slot.runningApp());
    return running;
  }

  async stop(slot: Slot, asked = this.beforeStop(slot), isForGood = false): Promise<void> {
    await this.#phases.timed("stop", async () => {
      const { graceSeconds } = this.#context.policy.timing;
      const running = await asked;
      await this.#context.assertHeldLately();
      const { killed } = await (isForGood ? slot.stopForGood(graceSeconds) : slot.stop(graceSeconds));
      this.#context.follower?.runs(slot, undefined);
      if (killed) return `killed: it ignored SIGTERM for ${graceSeconds} s`;
      return running ? `${running.release} stopped` : "nothing was running";
    });
  }

  /** The same once the other slot serves: no reboot may start it again. */
  async stopForGood(slot: Slot, asked = this.beforeStop(slot)): Promise<void> {
    await this.stop(slot, asked, true);
  }

  async switchTo(release: string): Promise<void> {
    await this.#phases.timed("switch", async () => {
      await this.#context.assertHeldLately();
      await this.#host.switchTo(release);
      return `current → ${release}`;
    });
  }

  /** Makes a revision the current one and starts it; what the start needs is written meanwhile. */
  async switchAndStart(slot: Slot, revision: Revision): Promise<void> {
    await this.#context.assertHeldLately();
    if (await this.#startInOneTrip(slot, revision)) return;
    const preparing = slot.prepare(revision);
    // If it fails, so does the start.
    await inOrder(
      this.switchTo(revision.release),
      preparing.catch(() => {}),
    );
    await this.start(slot, revision, preparing);
  }

  /** Returns whether that was possible; each of the two is told with its time. */
  async #startInOneTrip(slot: Slot, revision: Revision): Promise<boolean> {
    if (!slot.startInOneTrip) return false;
    this.#phases.begins("switch");
    const began = performance.now();
    const begun = await slot.startInOneTrip(revision);
    if (!begun) return false;
    const { switched = 0, failure, isSwitch } = begun;
    if (isSwitch) throw failure;
    if (begun.switched !== undefined) this.#phases.ends("switch", `current → ${revision.release}`, switched);
    this.#phases.begins("start");
    if (failure !== undefined) throw failure;
    this.#context.follower?.runs(slot, revision.release);
    this.#phases.ends("start", this.#describeStart(slot, revision), performance.now() - began - switched);
    return true;
  }

  #describeStart(slot: Slot, { release }: Revision): string {
    return slot === this.#host ? release : `${release} at ${slot.name}`;
  }

  async start(slot: Slot, { release, launch }: Revision, prepared?: Promise<void>): Promise<void> {
    await this.#phases.timed("start", async () => {
      await prepared;
      await slot.start(launch, this.#context.assertHeldLately);
      this.#context.follower?.runs(slot, release);
      return this.#describeStart(slot, { release, launch });
    });
  }

  /** Waits until the application and nginx say that it is up. */
  async awaitUp(slot: Slot, release: string, signal: AbortSignal): Promise<void> {
    const place = { host: this.#host, slot };
    await awaitUp(place, release, { context: this.#context, phases: this.#phases, signal });
  }

  /** The user's own gate, if there is one. */
  async afterHost(from: string): Promise<void> {
    const { hooks } = this.#context;
    if (!hooks) return;
    this.#phases.begins("hook");
    await hooks.afterHost(this.#host, from);
  }

  /** Whether the old application may answer again, should the new one die. */
  async standBy(isOn: boolean): Promise<void> {
    if (!this.#context.proxy.isGuarded) await this.#context.assertHeld();
    await this.#context.proxy.standBy(isOn);
  }

  async admit(slot: Slot, release: string): Promise<void> {
    await this.#flagging("admit", async () => {
      await this.#context.proxy.admit(slot, release);
      return "takes traffic";
    });
  }

  /** Watches it under traffic; `signal` ends that early. */
  async soak(slot: Slot, release: string, signal: AbortSignal, listener?: SoakListener): Promise<void> {
    if (this.#context.policy.timing.soakSeconds === 0) return;
    const place = { host: this.#host, slot };
    await this.#phases.timed("soak", () => soak(place, release, this.#context, signal, listener));
  }

  /** The same for what ran here before, which nobody judges. */
  async soakAgain(slot: Slot, release: string, signal: AbortSignal): Promise<void> {
    if (this.#context.policy.timing.soakSeconds === 0) return;
    const context = withoutJudges(this.#context);
    await this.#phases.timed("soak", () => soak({ host: this.#host, slot }, release, context, signal));
  }

  /** In this order: once recorded, the host is not looked at again. */
  async markLastKnownGood(slot: Slot, revision: Revision): Promise<void> {
    await slot.keepRunning();
    await this.#host.markLastKnownGood(revision);
  }

  /** Takes a step that changes nginx, which only the holder of the lease may do. */
  async #flagging(phase: Phase, step: () => Promise<string>): Promise<void> {
    await this.#phases.timed(phase, async () => {
      if (!this.#context.proxy.isGuarded) await this.#context.assertHeld();
      return step();
    });
  }
}
