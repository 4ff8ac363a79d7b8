import { type FleetMember, isSameRevision } from "./fleet.ts";
import { goesBackTo, type HostRoll, type HostRollOptions, runsTheRevision } from "./hostRoll.ts";
import type { SlotView } from "./slotView.ts";
import { StartFirst } from "./startFirst.ts";
import { StopFirst } from "./stopFirst.ts";

/**
 * How one host gets a revision. Start-first needs a host that serves and a slot beside it; stop-first heals a host in
 * any other state. What a dead deployer has started beside the old one is used in either order, and so is an old one
 * that it left beside the new one: it is the quick way back.
 */
export function chooseRoll(options: HostRollOptions, startsFirst: boolean): HostRoll {
  const { member, revision } = options;
  const { spare, serving } = member;
  if (spare && runsTheRevision(member, revision) && isWayBack(spare, options))
    return new StartFirst({ ...options, member: swapSlots(member, spare) }, viewOf(member), true);
  if (!spare || !serving || runsTheRevision(member, revision)) return new StopFirst(options);
  const isStarted = spare.health.up && isSameRevision(spare.running, revision);
  return startsFirst || isStarted ? new StartFirst(options, spare, isStarted) : new StopFirst(options);
}

/** Whether a slot is ready to serve what the host would go back to. */
function isWayBack({ running, health }: SlotView, options: HostRollOptions): boolean {
  const earlier = goesBackTo(options);
  return health.up && earlier !== undefined && isSameRevision(running, earlier);
}

/** The host as it was before the new application was admitted. */
function swapSlots(member: FleetMember, { slot, running, health, drained, serving }: SlotView): FleetMember {
  const { running: _, ...files } = member.state;
  const state = { ...files, ...(running && { running }) };
  return { ...member, slot, health, drained, serving, state, spare: viewOf(member) };
}

function viewOf({ slot, state, health, drained, serving }: FleetMember): SlotView {
  return { slot, running: state.running, health, drained, serving };
}
