import type { HostPlace } from "../host/hostPlace.ts";
import { slotsOf, type TwoSlots } from "../host/slots.ts";

/** An upstream without some of the slots. */
export interface DrainPool {
  readonly name: string;
  readonly without: readonly string[];
  readonly members: readonly HostPlace[];
}

/** With so many slots, there is an upstream for every combination: at most 255. */
export const EVERY_COMBINATION_UP_TO = 8;

/**
 * The upstreams besides the full one. With up to eight slots, there is one for every combination. With more, there are
 * the two in which every host serves from its first slot, or every host from its second; drain groups serve the other
 * combinations.
 */
export function drainPools(hosts: readonly TwoSlots[]): DrainPool[] {
  const slotsByHost = hosts.map(slotsOf);
  const slots = slotsByHost.flat();
  const outs =
    slots.length <= EVERY_COMBINATION_UP_TO
      ? slots.flatMap((_, size) => combinationsOf(slots, size))
      : [0, -1].map((which) => {
          const members = slotsByHost.flatMap((of) => of.at(which) ?? []);
          return slots.filter((slot) => !members.includes(slot));
        });
  return outs.filter((out) => out.length > 0).map((out) => poolOf(out, slots));
}

function poolOf(out: readonly HostPlace[], slots: readonly HostPlace[]): DrainPool {
  const numbers = out.map((slot) => slots.indexOf(slot) + 1);
  return {
    name:
      slots.length <= EVERY_COMBINATION_UP_TO ? `drained_${numbers.join("_")}` : `drained_from_${numbers[0]}`,
    without: out.map(({ name }) => name),
    members: slots.filter((slot) => !out.includes(slot)),
  };
}

function combinationsOf<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    combinationsOf(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
