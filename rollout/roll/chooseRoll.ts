import type { HostRoll, HostRollOptions } from "./hostRoll.ts";
import { runsTheRevision } from "./hostRoll.ts";
import { StartFirst } from "./startFirst.ts";
import { StopFirst } from "./stopFirst.ts";

/**
 * How one host gets a revision. Start-first needs a host that serves and a slot beside it; stop-first heals a host in
 * any other state. What a dead deployer has started beside the old one is used in either order.
 */
export function chooseRoll(options: HostRollOptions, startsFirst: boolean): HostRoll {
  const { member, revision } = options;
  const { spare, serving } = member;
  if (!spare || !serving || runsTheRevision(member, revision)) return new StopFirst(options);
  const { release, launch } = revision;
  const isStarted = spare.running?.release === release && spare.running.launch === launch && spare.health.up;
  return startsFirst || isStarted ? new StartFirst(options, spare, isStarted) : new StopFirst(options);
}
