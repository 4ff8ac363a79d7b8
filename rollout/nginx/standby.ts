import type { HostPlace } from "../host/hostPlace.ts";
import { SECOND, slotsOf, type TwoSlots } from "../host/slots.ts";
import type { DrainPool } from "./drainPools.ts";
import type { OwnName } from "./ownNames.ts";

/** The flag, next to those that drain slots, which lets old applications answer for new ones that don't. */
export const STANDBY_FLAG = "_standby";

/** An upstream that falls back on the old applications while they are kept. */
export interface StandbyPool extends DrainPool {
  /** The pool without the fallback. */
  readonly of: string;
  readonly backups: readonly HostPlace[];
}

/**
 * The twins of the pools in which every host serves from its first slot, or every host from its second. If all new
 * applications die in their soak, these send requests to the old ones until the rollout lowers the drains; in any other
 * state some host still serves what it served before.
 */
export function standbyPools(hosts: readonly TwoSlots[], pools: readonly DrainPool[]): StandbyPool[] {
  if (hosts.length === 0 || hosts.some(({ second }) => !second)) return [];
  const slots = hosts.flatMap(slotsOf);
  const isSecond = ({ name }: HostPlace) => name.endsWith(SECOND);
  return [isSecond, (slot: HostPlace) => !isSecond(slot)].flatMap((serves) => {
    const members = slots.filter(serves);
    const names = members.map(({ name }) => name).join();
    const pool = pools.find((each) => each.members.map(({ name }) => name).join() === names);
    if (!pool) return [];
    const backups = slots.filter((slot) => !serves(slot));
    return [{ ...pool, of: pool.name, name: `${pool.name}_standby`, backups }];
  });
}

/** The map to the upstream of a request from that by drains alone; `pool` is its variable. */
export function standbyMap(pools: readonly StandbyPool[], pool: string, own: OwnName): string {
  if (pools.length === 0) return "";
  const rows = pools.flatMap(({ of, name }) => [
    // Whichever of the new applications the checks have taken out so far.
    [`~^standby (?!none )\\S+ ${own(of)}$`, own(name)],
    // The checks have taken out every new application, so that no try is left for them.
    [`~^standby none ${own(of)}$`, own(pools.find((other) => other.of !== of)?.of ?? name)],
  ]);
  return `
# While every host's old application is kept for the way back, it answers if no new one does.
map "$${own("standby")}$${own(pool)} $${own("drained_pool")}" $${own("standby_pool")} {
    default $${own(pool)};
${rows.map(([key, value]) => `    "${key}" ${value};\n`).join("")}}
`;
}

/** In the location of all requests: whether the flag is raised. */
export function standbyLines(pools: readonly StandbyPool[], flag: string, own: OwnName): string {
  if (pools.length === 0) return "";
  return `    set $${own("standby")} "";
    if (-f ${flag}) { set $${own("standby")} "standby "; }
`;
}

/** How many hosts a request may try in a soak: not all, since it may be the request that kills them. */
const TRIES_IN_SOAK = 4;

/** How many hosts a request may try while the flag is raised: all new applications of a batch may die together. */
export function triesInSoak([first]: readonly StandbyPool[]): number {
  return Math.min((first?.members.length ?? 0) + 1, TRIES_IN_SOAK);
}
