import type { TwoSlots } from "../host/slots.ts";
import { slotsOf } from "../host/slots.ts";
import type { DrainGroup } from "./drainGroups.ts";
import type { DrainPool } from "./drainPools.ts";
import type { OwnName } from "./ownNames.ts";
import { bitsKey, bitsOf } from "./slotBits.ts";
import type { StandbyPool } from "./standby.ts";

/** The hosts behind nginx, and the upstreams besides the full one; the names in them are without the stack's. */
export interface DrainUpstreams {
  readonly hosts: readonly TwoSlots[];
  readonly pools: readonly DrainPool[];
  readonly groups: readonly DrainGroup[];
  readonly standby: readonly StandbyPool[];
}

/** An nginx `map` from the bits of the slots that are out to the upstream without them; `none` if those are all. */
export function upstreamMap(
  source: string,
  target: string,
  { hosts, pools, groups }: DrainUpstreams,
  own: OwnName,
): string {
  const rows = [
    ["default", groups.length > 0 ? `$${own("group_pool")}` : own("all")],
    ...pools.map((pool) => [bitsKey(bitsOf(hosts, pool.without)), own(pool.name)]),
    [everySlotKey(hosts), "none"],
    ...(groups.length > 0 && pools.length > 0 ? [[bitsKey(bitsOf(hosts, [])), own("all")]] : []),
  ];
  return `map $${own(source)} $${own(target)} {
${rows.map(([key, value]) => `    "${key}" ${value};\n`).join("")}}
`.replace('"default"', "default");
}

/** The key for all slots being out. */
export function everySlotKey(hosts: readonly TwoSlots[]): string {
  return bitsKey(
    bitsOf(
      hosts,
      hosts.flatMap(slotsOf).map(({ name }) => name),
    ),
  );
}
