import { messageOf } from "../common/errors.ts";
import { secondsSince } from "../common/secondsSince.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { describeLaunchChange } from "./describeLaunchChange.ts";
import { earlierRevision } from "./earlierRevision.ts";
import type { FleetMember } from "./fleet.ts";
import { awaitHealthy, awaitSettled, awaitUpstream, soak } from "./gates.ts";
import { HostRollFailed } from "./hostRollFailed.ts";
import { requireEnoughPeers, TooFewPeers } from "./peers.ts";
import type { Phase } from "./reporter.ts";
import type { RollContext } from "./rollContext.ts";
import { telling } from "./telling.ts";

/** Phases that report themselves what they wait for, or whose length is known. */
const TELL_THEMSELVES: readonly Phase[] = ["health", "upstream", "soak"];

/** How long each phase of one host took, in milliseconds. */
export type PhaseTimes = Partial<Record<Phase, number>>;

/**
 * Brings one host to a target: out of traffic, replaced, gated, back into traffic. Once the old process is
 * asked to stop, the host is finished or restored, whatever the signal says: in between is no safe point.
 */
export class HostRoll {
  readonly #times: PhaseTimes = {};
  readonly #host: AppHost;
  readonly #before: FleetMember;
  readonly #revision: Revision;
  readonly #beforeFirstTurn: Revision | undefined;
  readonly #context: RollContext;
  readonly #uninterrupted = new AbortController().signal;
  #phase: Phase = "drain";

  /** `beforeFirstTurn` is what a host ran that this roll has brought to the target once already. */
  constructor(
    before: FleetMember,
    revision: Revision,
    context: RollContext,
    beforeFirstTurn?: Revision | undefined,
  ) {
    this.#host = before.host;
    this.#before = before;
    this.#revision = revision;
    this.#beforeFirstTurn = beforeFirstTurn;
    this.#context = context;
  }

  async run(): Promise<PhaseTimes> {
    const onlyToBeAdmitted = this.#runsTheTarget();
    if (!onlyToBeAdmitted) await this.#drain();
    try {
      if (onlyToBeAdmitted) await this.#switchTo(this.#revision.release);
      else await this.#replace(this.#revision);
      await this.#admit(this.#revision);
    } catch (error) {
      await this.#restore(error);
    }
    return this.#times;
  }

  /** What the host goes back to. */
  get earlier(): Revision | undefined {
    return this.#beforeFirstTurn ?? earlierRevision(this.#before.state, this.#revision);
  }

  /** A deployer that died after the start left a healthy host that only needs to be admitted. */
  #runsTheTarget(): boolean {
    const { running } = this.#before.state;
    const { release, launch } = this.#revision;
    return running?.release === release && running.launch === launch && this.#before.health.up;
  }

  async #drain(): Promise<void> {
    const { proxy, signal } = this.#context;
    try {
      await this.#changing("drain", async () => {
        await proxy.drain(this.#host);
        return "no new requests";
      });
      if (this.#before.state.running) await this.#settle(signal);
      // Settling takes time, and beyond this point the host cannot just stay in traffic.
      await requireEnoughPeers(this.#before, this.#context);
      signal.throwIfAborted();
    } catch (error) {
      // If another roller took over, the drain flag is theirs.
      await this.#context.assertHeld();
      if (!this.#before.drained) await proxy.admit(this.#host);
      if (error instanceof TooFewPeers)
        this.#context.report("admit", `takes traffic again: ${messageOf(error)}`, this.#host);
      if (signal.aborted || error instanceof TooFewPeers) throw error;
      throw new HostRollFailed({
        host: this.#host.name,
        phase: "drain",
        what: `${this.#host.name} could not be drained: ${messageOf(error)}`,
        cause: error,
      });
    }
  }

  async #settle(signal: AbortSignal): Promise<void> {
    await this.#timed("settle", async () => {
      const left = await awaitSettled(this.#host, this.#context, signal);
      const { settleSeconds } = this.#context.policy.timing;
      if (left > 0) {
        const open = left === 1 ? "1 connection was" : `${left} connections were`;
        this.#context.warn(
          `was stopped while ${open} still open after ${settleSeconds} s: usually websockets or long streams, whose clients reconnect`,
          this.#host,
        );
      }
      return left === 0
        ? "no connections left"
        : `${left} connections left after ${settleSeconds} s: graceful shutdown has to finish them`;
    });
  }

  async #replace(revision: Revision): Promise<void> {
    await this.#changing("stop", () => this.#stop());
    await this.#switchTo(revision.release);
    await this.#changing("start", async () => {
      await this.#host.start(revision.launch);
      return revision.release;
    });
  }

  async #stop(): Promise<string> {
    const { graceSeconds } = this.#context.policy.timing;
    const running = await this.#host.runningApp();
    const { killed } = await this.#host.stop(graceSeconds);
    if (killed) return `killed: it ignored SIGTERM for ${graceSeconds} s`;
    return running ? `${running.release} stopped` : "nothing was running";
  }

  async #switchTo(release: string): Promise<void> {
    await this.#changing("switch", async () => {
      await this.#host.switchTo(release);
      return `current → ${release}`;
    });
  }

  async #admit(revision: Revision): Promise<void> {
    const signal = this.#uninterrupted;
    await this.#timed("health", async () => {
      await awaitHealthy(this.#host, revision.release, this.#context, signal);
      return "UP";
    });
    await this.#timed("upstream", async () => {
      const { detail } = await awaitUpstream(this.#host, this.#context, signal);
      return `nginx sees it: ${detail}`;
    });
    await this.#changing("admit", async () => {
      await this.#context.proxy.admit(this.#host);
      return "takes traffic";
    });
    if (this.#context.policy.timing.soakSeconds > 0) {
      await this.#timed("soak", async () => {
        await soak(this.#host, revision.release, this.#context, this.#context.signal);
        return "stayed healthy";
      });
    }
    // In this order: once recorded, the host is not looked at again.
    await this.#host.keepRunning();
    await this.#host.markLastKnownGood(revision);
  }

  /** Puts the host back on what it ran before, through the same gates, and reports how that went. */
  async #restore(failure: unknown): Promise<never> {
    const { name } = this.#host;
    const view = await this.#context.proxy.upstream(this.#host, this.#uninterrupted);
    const { earlier } = this;
    const { release } = this.#revision;
    const anew =
      earlier?.release === release
        ? `, ${await describeLaunchChange(this.#host, earlier.launch, this.#revision.launch)}`
        : "";
    const what = `${name} failed its ${this.#phase} gate on ${release}${anew}: ${messageOf(failure)}; nginx saw ${view.detail}`;
    const failed = { host: name, phase: this.#phase, what, cause: failure };
    try {
      await this.#context.assertHeld();
      await this.#context.proxy.drain(this.#host);
      await awaitSettled(this.#host, this.#context, this.#uninterrupted);
      if (earlier) {
        this.#context.report("restore", `${messageOf(failure)}; back to ${earlier.release}`, this.#host);
        await this.#replace(earlier);
        await this.#admit(earlier);
      } else {
        await this.#host.stop(this.#context.policy.timing.graceSeconds);
      }
    } catch (error) {
      const back = earlier ? `Going back to ${earlier.release}` : "Stopping it";
      const outcome = `${back} failed too (${messageOf(error)}): ${name} stays drained`;
      throw new HostRollFailed({ ...failed, outcome, backFailure: error });
    }
    const outcome = earlier
      ? `is back on ${earlier.release}${anew && " with its previous options"}`
      : "has no earlier release: it is stopped and drained";
    throw new HostRollFailed({ ...failed, outcome: `${name} ${outcome}` });
  }

  /** Takes a step that changes the host or nginx, which only the holder of the lease may do. */
  async #changing(phase: Phase, step: () => Promise<string>): Promise<void> {
    await this.#timed(phase, async () => {
      await this.#context.assertHeld();
      return step();
    });
  }

  async #timed(phase: Phase, step: () => Promise<string>): Promise<void> {
    this.#phase = phase;
    const began = performance.now();
    const tell = () =>
      this.#context.report(phase, `waiting: ${Math.round(secondsSince(began))} s so far`, this.#host);
    const message = await (TELL_THEMSELVES.includes(phase) ? step() : telling(tell, step));
    this.#times[phase] = performance.now() - began;
    this.#context.report(phase, message, this.#host);
  }
}
