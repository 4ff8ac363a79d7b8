import type { HostPlace } from "../host/hostPlace.ts";
import { slotsOf, type TwoSlots } from "../host/slots.ts";

/** A state that a fleet stays in between rolls: every host serves from its first slot, or every host from its second. */
export interface RestState {
  readonly serving: readonly HostPlace[];
  readonly drained: readonly HostPlace[];
}

/** The rest states of a fleet: one if no host has a second slot. */
export function restStates(hosts: readonly TwoSlots[]): RestState[] {
  if (hosts.length === 0) return [];
  const bySlot = hosts.map(slotsOf);
  const which = hosts.some(({ second }) => second) ? [0, -1] : [0];
  return which.map((index) => {
    const serving = bySlot.flatMap((slots) => slots.at(index) ?? []);
    return { serving, drained: bySlot.flat().filter((slot) => !serving.includes(slot)) };
  });
}
