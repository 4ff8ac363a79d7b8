import type { HostPlace } from "../host/hostPlace.ts";
import { slotsOf, type TwoSlots } from "../host/slots.ts";
import { EVERY_COMBINATION_UP_TO } from "./drainPools.ts";

/** A few hosts of a fleet, with an upstream for every combination of their slots. */
export interface DrainGroup {
  readonly name: string;
  readonly hosts: readonly TwoSlots[];
  readonly slots: readonly HostPlace[];
  readonly upstreams: readonly GroupUpstream[];
}

/** An upstream of some slots of a group. */
export interface GroupUpstream {
  readonly name: string;
  readonly members: readonly HostPlace[];
}

/** A group of four slots needs fifteen upstreams, and leaves a request a second host to try. */
const SLOTS = 4;

/**
 * The groups of a fleet that has no upstream for every combination of its slots; none for a smaller one. A request goes
 * to a random host that takes traffic, or, should it not answer, to another one of its group.
 */
export function drainGroups(hosts: readonly TwoSlots[]): DrainGroup[] {
  const all = hosts.flatMap(slotsOf);
  if (all.length <= EVERY_COMBINATION_UP_TO) return [];
  const count = Math.floor(all.length / SLOTS);
  return Array.from({ length: count }, (_, index) => {
    const bounds = [index, index + 1].map((part) => Math.round((part * hosts.length) / count));
    return groupOf(`group_${index + 1}`, hosts.slice(...bounds));
  });
}

/** An upstream is named after its group, with a 1 for each slot that is in it and a 0 for each that is not. */
function groupOf(name: string, hosts: readonly TwoSlots[]): DrainGroup {
  const slots = hosts.flatMap(slotsOf);
  const upstreams = Array.from({ length: 2 ** slots.length - 1 }, (_, index) => {
    const bits = (index + 1).toString(2).padStart(slots.length, "0");
    return { name: `${name}_${bits}`, members: slots.filter((_slot, position) => bits[position] === "1") };
  });
  return { name, hosts, slots, upstreams };
}
