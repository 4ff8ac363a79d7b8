import type { AppHost } from "./appHost.ts";
import { GateFailed, messageOf } from "./errors.ts";
import type { FleetMember } from "./fleet.ts";
import { awaitHealthy, awaitProxyView, awaitSettled, soak } from "./gates.ts";
import type { Phase } from "./reporter.ts";
import type { RollContext } from "./rollContext.ts";

/** How long the phases of one host took, in milliseconds. */
export type PhaseTimes = Partial<Record<Phase, number>>;

/** One host could not be brought to the release; `restored` says what it was brought back to. */
export class HostRollFailed extends GateFailed {
  readonly host: string;
  readonly restored: string | undefined;

  constructor(host: string, message: string, restored: string | undefined, cause: unknown) {
    super("host-failed", message, cause instanceof GateFailed ? cause.evidence : [], { cause });
    this.host = host;
    this.restored = restored;
  }
}

/**
 * Brings one host to a release: out of traffic, replaced, gated, back into traffic. Once the old process is
 * asked to stop, the host is finished or restored, whatever the signal says: in between is no safe point.
 */
export class HostRoll {
  readonly times: PhaseTimes = {};
  readonly #host: AppHost;
  readonly #before: FleetMember;
  readonly #release: string;
  readonly #context: RollContext;
  readonly #uninterrupted = new AbortController().signal;
  #phase: Phase = "drain";

  constructor(before: FleetMember, release: string, context: RollContext) {
    this.#host = before.host;
    this.#before = before;
    this.#release = release;
    this.#context = context;
  }

  async run(): Promise<PhaseTimes> {
    const asItShouldBe = this.#runsAsItShould();
    if (!asItShouldBe) await this.#takeOut();
    try {
      if (!asItShouldBe) await this.#replace(this.#release);
      else await this.#switchTo(this.#release);
      await this.#letIn(this.#release);
    } catch (error) {
      await this.#restore(error);
    }
    await this.#host.prune(this.#context.policy.keepReleases);
    return this.times;
  }

  /** A deployer that died after the start left a healthy host behind: it is only to be let in. */
  #runsAsItShould(): boolean {
    const { running } = this.#before.state;
    return (
      running?.release === this.#release && running.launch === this.#host.launch && this.#before.health.up
    );
  }

  async #takeOut(): Promise<void> {
    const { proxy, policy, signal } = this.#context;
    try {
      await this.#timed("drain", async () => {
        await proxy.drain(this.#host);
        return "no new request";
      });
      await this.#timed("settle", async () => {
        const left = await awaitSettled(this.#host, this.#context, signal);
        return left === 0
          ? "no connection left"
          : `${left} connections left after ${policy.timing.settleSeconds} s, going on: graceful stop has to finish them`;
      });
      signal.throwIfAborted();
    } catch (error) {
      if (this.#before.serving) await proxy.admit(this.#host);
      if (signal.aborted) throw error;
      throw new HostRollFailed(
        this.#host.name,
        `${this.#host.name} could not be drained: ${messageOf(error)}`,
        this.#before.state.running?.release,
        error,
      );
    }
  }

  async #replace(release: string): Promise<void> {
    await this.#timed("stop", async () => {
      const { graceSeconds } = this.#context.policy.timing;
      const { killed } = await this.#host.stop(graceSeconds);
      return killed ? `killed: it ignored SIGTERM for ${graceSeconds} s` : "stopped";
    });
    await this.#switchTo(release);
    await this.#timed("start", async () => {
      await this.#host.start();
      return release;
    });
  }

  async #switchTo(release: string): Promise<void> {
    await this.#timed("switch", async () => {
      await this.#host.switchTo(release);
      return `current → ${release}`;
    });
  }

  async #letIn(release: string): Promise<void> {
    const signal = this.#uninterrupted;
    await this.#timed("health", async () => {
      await awaitHealthy(this.#host, release, this.#context, signal);
      return "UP";
    });
    await this.#timed("view", async () => {
      const { detail } = await awaitProxyView(this.#host, this.#context, signal);
      return `nginx sees it: ${detail}`;
    });
    await this.#timed("admit", async () => {
      await this.#context.proxy.admit(this.#host);
      return "takes traffic";
    });
    if (this.#context.policy.timing.soakSeconds === 0) return;
    await this.#timed("soak", async () => {
      await soak(this.#host, release, this.#context, signal);
      return "stayed healthy";
    });
  }

  /** Puts the host back on the release it had, under the same gates, and says how that went. */
  async #restore(failure: unknown): Promise<never> {
    const { name } = this.#host;
    const what = `${name} failed its ${this.#phase} gate on ${this.#release}: ${messageOf(failure)}`;
    const earlier = this.#earlierRelease();
    try {
      await this.#context.proxy.drain(this.#host);
      await awaitSettled(this.#host, this.#context, this.#uninterrupted);
      if (earlier === undefined) {
        await this.#host.stop(this.#context.policy.timing.graceSeconds);
        throw new HostRollFailed(
          name,
          `${what}. ${name} has no earlier release: it is stopped and drained`,
          undefined,
          failure,
        );
      }
      this.#context.report("restore", `${messageOf(failure)}; back to ${earlier}`, this.#host);
      await this.#replace(earlier);
      await this.#letIn(earlier);
    } catch (error) {
      if (error instanceof HostRollFailed) throw error;
      throw new HostRollFailed(
        name,
        `${what}. Going back to ${earlier} failed as well (${messageOf(error)}): ${name} stays drained`,
        undefined,
        failure,
      );
    }
    throw new HostRollFailed(name, `${what}. ${name} is back on ${earlier}`, earlier, failure);
  }

  #earlierRelease(): string | undefined {
    const { running, current } = this.#before.state;
    return [running?.release, current].find((release) => release !== undefined && release !== this.#release);
  }

  async #timed(phase: Phase, step: () => Promise<string>): Promise<void> {
    this.#phase = phase;
    const began = performance.now();
    const message = await step();
    this.times[phase] = performance.now() - began;
    this.#context.report(phase, message, this.#host);
  }
}
