import type { HostPlace } from "../host/hostPlace.ts";
import { slotsOf, type TwoSlots } from "../host/slots.ts";

/** An upstream without some of the slots. */
export interface DrainPool {
  readonly name: string;
  readonly without: readonly string[];
  readonly members: readonly HostPlace[];
}

const MAX_POOLS = 256;

/** As many slots can be drained in any combination by upstreams alone. */
export const EVERY_COMBINATION_UP_TO = Math.log2(MAX_POOLS);

/**
 * The upstreams besides the full one. With up to eight slots, there is one for every combination. With more, there are
 * those in which every host serves from its first slot, or every host from its second, without any k hosts; k is as
 * large as 256 upstreams allow, but at least 1. Drain groups serve the other combinations.
 */
export function drainPools(hosts: readonly TwoSlots[]): DrainPool[] {
  const slotsByHost = hosts.map(slotsOf);
  const slots = slotsByHost.flat();
  const bases =
    slots.length <= EVERY_COMBINATION_UP_TO
      ? [slots]
      : [0, -1].map((which) => slotsByHost.flatMap((of) => of.at(which) ?? []));
  let pools = new Map<string, DrainPool>();
  for (let size = 0; bases.some((base) => size < base.length); size++) {
    const found = bases
      .flatMap((base) => combinationsOf(base, size).map((out) => base.filter((slot) => !out.includes(slot))))
      .map((members) => poolOf(members, slots))
      .filter(({ without }) => without.length > 0);
    const all = new Map([...pools, ...found.map((pool) => [pool.name, pool] as const)]);
    if (size > 1 && all.size > MAX_POOLS) break;
    pools = all;
  }
  return [...pools.values()];
}

function poolOf(members: readonly HostPlace[], slots: readonly HostPlace[]): DrainPool {
  const without = slots.filter((slot) => !members.includes(slot));
  return {
    name: `drained_${without.map((slot) => slots.indexOf(slot) + 1).join("_")}`,
    without: without.map(({ name }) => name),
    members,
  };
}

function combinationsOf<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    combinationsOf(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
