import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { RollOptions, RollResult } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { DesiredRelease } from "#rollout/roll/targets.ts";

/** Rolls a fleet: ours for hosts on machines, or the hosts' own. */
export interface Orchestrator {
  /** Brings every host to a release, within these limits; throws `RollFailed` if that fails. */
  roll(desired: DesiredRelease, policy: RollPolicy, options: RollOptions): Promise<RollResult>;
  /** What every host really runs; `known` is what a roll has just found. */
  survey(known?: RollResult["found"]): Promise<Survey>;
  /** What a roll would do now; `before` is the previous request, if it is known. */
  plan(request: RollRequest, before?: RollRequest): Promise<Plan>;
  /** Finds the full name of a release that needs no jar; throws `InvalidInput` that lists the choices. */
  findRelease(name: string): Promise<string>;
  close(): Promise<void>;
}

/** What a preview says of a roll. */
export interface Plan {
  /** How hosts would get a new JVM and why, by their names; without those that run nothing or have no choice. */
  readonly hosts: Readonly<Record<string, string>>;
  /** What stands in the way, and which hosts come in which batches; empty if that can't be told yet. */
  readonly forecast: string;
  /** What needs a person's attention before the roll, a line each. */
  readonly warnings: readonly string[];
}

/** What a fleet runs, as a preview shows it. */
export interface Survey {
  /** Where clients reach the service. */
  readonly url: string;
  /** A line per host, in rolling order. */
  readonly rollingOrder: readonly string[];
  /** The release that each host runs, by host name. */
  readonly releases: Readonly<Record<string, string>>;
}
