import pLimit from "p-limit";
import type { RollgateError } from "../common/errors.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { decideStep, isFinished } from "./decideStep.ts";
import { describeTrouble, type FleetMember, observeFleet } from "./fleet.ts";
import { HostRoll, type PhaseTimes } from "./hostRoll.ts";
import { HostRollFailed, joinFailures } from "./hostRollFailed.ts";
import { TooFewPeers } from "./peers.ts";
import type { RollContext } from "./rollContext.ts";
import { Waiting } from "./waiting.ts";

/** Starting JVMs compete for processors and memory, and hosts may share a machine. */
const TOGETHER = 4;

/** A host that this roll has brought to the release, and what it would go back to. */
export interface Rolled {
  readonly host: AppHost;
  readonly before: Revision | undefined;
  readonly times: PhaseTimes;
}

/**
 * Brings every host to the release. Each step is decided anew by the current state of all hosts; `rolled` lists what
 * has been done, even if this throws.
 */
export class HostsRoll {
  readonly rolled: Rolled[] = [];
  readonly #release: string;
  readonly #context: RollContext;
  readonly #turns = new Map<AppHost, number>();
  readonly #before = new Map<AppHost, Revision | undefined>();
  readonly #told = new Set<AppHost>();

  constructor(release: string, context: RollContext) {
    this.#release = release;
    this.#context = context;
  }

  async run(): Promise<void> {
    const waiting = new Waiting(this.#context);
    for (;;) {
      this.#context.signal.throwIfAborted();
      const fleet = await observeFleet(this.#context);
      this.#tellFinished(fleet);
      const step = decideStep(fleet, {
        release: this.#release,
        minimumHealthy: this.#context.policy.minimumHealthy,
        turns: this.#turns,
      });
      if (step.kind === "fail") throw step.error;
      if (step.kind === "finish") return this.#warnAbout(step.doubtful);
      if (step.kind === "wait") {
        await waiting.goOn(step.members, step.otherwise);
      } else {
        waiting.isOver();
        await this.#rollTogether(step.members);
      }
    }
  }

  async #rollTogether(members: readonly FleetMember[]): Promise<void> {
    const limit = pLimit(TOGETHER);
    const failures: unknown[] = [];
    const roll = async (member: FleetMember) => {
      // After the first failure, start nothing more.
      if (failures.length > 0 || this.#context.signal.aborted) return;
      await this.#rollOne(member).catch((error: unknown) => failures.push(error));
    };
    await Promise.all(members.map((member) => limit(() => roll(member))));
    if (failures.length > 0) throw joinFailures(failures);
  }

  async #rollOne(member: FleetMember): Promise<void> {
    const { host } = member;
    const revision = { release: this.#release, launch: host.launch };
    const hostRoll = new HostRoll(member, revision, this.#context, this.#before.get(host));
    this.#forget(host);
    try {
      const times = await hostRoll.run();
      this.rolled.push({ host, times, before: hostRoll.earlier });
    } catch (error) {
      // The host takes traffic as before; the state of its peers decides what comes next.
      if (!(error instanceof TooFewPeers)) throw error;
      return;
    }
    this.#before.set(host, hostRoll.earlier);
    this.#turns.set(host, (this.#turns.get(host) ?? 0) + 1);
  }

  /** A host in another turn is either brought to the release again or put back by its own roll. */
  #forget(host: AppHost): void {
    const index = this.rolled.findIndex((done) => done.host === host);
    if (index >= 0) this.rolled.splice(index, 1);
  }

  #tellFinished(fleet: readonly FleetMember[]): void {
    for (const member of fleet) {
      const { host } = member;
      if (this.#turns.has(host) || this.#told.has(host) || !isFinished(member, this.#release)) continue;
      this.#told.add(host);
      this.#context.report("done", `already serves ${this.#release}`, host);
    }
  }

  #warnAbout(doubtful: readonly FleetMember[]): void {
    for (const member of doubtful)
      this.#context.warn(
        `passed its gates, but does not serve now (${describeTrouble(member)})`,
        member.host,
      );
  }
}

/** The hosts that a failure's own message names. */
export function hostsNamedBy(error: RollgateError): readonly string[] {
  if (error instanceof HostRollFailed || error instanceof TooFewPeers) return error.hosts;
  return [];
}
