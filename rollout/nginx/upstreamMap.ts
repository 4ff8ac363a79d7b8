import { slotsOf, type TwoSlots } from "../host/slots.ts";
import type { DrainGroup } from "./drainGroups.ts";
import type { DrainPool } from "./drainPools.ts";
import type { StandbyPool } from "./standby.ts";

/** The hosts behind nginx, and the upstreams besides the full one. */
export interface DrainUpstreams {
  readonly hosts: readonly TwoSlots[];
  readonly pools: readonly DrainPool[];
  readonly groups: readonly DrainGroup[];
  readonly standby: readonly StandbyPool[];
}

/**
 * An nginx `map` from slots' names, each followed by a space, to the upstream without exactly those slots; `none` if
 * those are all.
 */
export function upstreamMap(
  source: string,
  target: string,
  { hosts, pools, groups }: DrainUpstreams,
): string {
  const rows = [
    ["default", groups.length > 0 ? "$group_pool" : "all"],
    ['""', "all"],
    ...pools.map((pool) => [`"${drainedKey(pool.without)}"`, pool.name]),
    [`"${everySlotKey(hosts)}"`, "none"],
  ];
  return `    map ${source} ${target} {
${rows.map(([key, value]) => `        ${key} ${value};\n`).join("")}    }
`;
}

/** The value of `$drained` while every slot is drained. */
export function everySlotKey(hosts: readonly TwoSlots[]): string {
  return drainedKey(hosts.flatMap(slotsOf).map(({ name }) => name));
}

/** The value of `$drained` while exactly these slots are drained, in the order of the configuration. */
function drainedKey(names: readonly string[]): string {
  return names.map((name) => `${name} `).join("");
}
