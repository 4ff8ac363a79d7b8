import type { HostPlace } from "./hostPlace.ts";

/** A host with a second place for a JVM, perhaps. */
export interface TwoSlots extends HostPlace {
  readonly second?: Omit<HostPlace, "name">;
}

/** What the names of second slots end with; no host's name can. */
export const SECOND = "_b";

/** The places for a JVM on a host, the first one under the host's own name. */
export function slotsOf({ name, address, port, healthPort, second }: TwoSlots): [HostPlace, ...HostPlace[]] {
  const first = { name, address, port, ...(healthPort !== undefined && { healthPort }) };
  return second ? [first, { name: `${name}${SECOND}`, ...second }] : [first];
}

/** The name of the same host's first slot, which is the host's own. */
export function firstNameOf(slot: string): string {
  return slot.endsWith(SECOND) ? slot.slice(0, -SECOND.length) : slot;
}
