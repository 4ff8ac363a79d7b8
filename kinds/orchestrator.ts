import type { DesiredRelease, RollOptions, RollResult } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";

/** Whoever rolls a fleet: our engine over hosts on machines, or an engine of the hosts' own. */
export interface Orchestrator {
  /** Brings every host to a release, within these limits; throws `RollFailed` when it could not. */
  roll(desired: DesiredRelease, policy: RollPolicy, options: RollOptions): Promise<RollResult>;
  /** What every host really runs. */
  survey(): Promise<Survey>;
  /** The full name of a release that can be rolled to without its jar; throws `InvalidInput` that lists the choices. */
  findRelease(name: string): Promise<string>;
  close(): Promise<void>;
}

/** What a fleet runs, as a preview shows it. */
export interface Survey {
  /** Where clients reach the service. */
  readonly url: string;
  /** A line per host, in the order in which a roll would take them. */
  readonly rollingOrder: readonly string[];
  /** The release that each host runs, by the name of the host. */
  readonly releases: Readonly<Record<string, string>>;
}
