import { shortened } from "../../common/shortened.ts";
import type { HostPlace } from "../../host/hostPlace.ts";
import { slotsOf, type TwoSlots } from "../../host/slots.ts";
import { endpoint } from "../../machine/connections.ts";
import type { FlavourLines } from "../flavours/flavourLines.ts";
import type { OwnName } from "../ownNames.ts";
import type { DrainUpstreams } from "../upstreamMap.ts";
import type { Balancing } from "./balance.ts";

/** nginx rejects a comment that is longer than its buffer of 4,096 bytes. */
const NAMES = 60;

/**
 * Idle connections to the application are kept for a moment only: a drained slot has settled once none is left, and an
 * application that closes idle connections itself must not do so while a request is on its way.
 */
const KEPT = `    keepalive 64;
    keepalive_timeout 50ms;
`;

/** The upstream with all slots, one for each pool, and one for each combination within a group. */
export function upstreams(
  { hosts, pools, groups, standby }: DrainUpstreams,
  { watch }: Pick<FlavourLines, "watch">,
  own: OwnName,
  { line, isSticky }: Balancing,
): string {
  const upstream = (
    name: string,
    members: readonly HostPlace[],
    among: readonly TwoSlots[],
    backups: readonly HostPlace[] = [],
  ) => {
    const { failover, checks } = watch({ name, members, backups }, among);
    const spare = servers(backups, failover, " backup");
    return `upstream ${own(name)} {\n${line}${servers(members, failover)}${spare}${checks}${KEPT}}\n`;
  };
  const small = groups.flatMap((group) =>
    group.upstreams.map(({ name, members }) => upstream(name, members, group.hosts)),
  );
  return `${upstream("all", hosts.flatMap(slotsOf), hosts)}${pools
    .map(
      ({ name, without, members }) =>
        `\n# without ${shortened(without, { most: NAMES }).join(", ")}\n${upstream(name, members, hosts)}`,
    )
    .join("")}${standby
    .map(({ name, members, backups }) => `\n${upstream(name, members, hosts, isSticky ? [] : backups)}`)
    .join("")}${small.length > 0 ? "\n" : ""}${small.join("")}`;
}

function servers(members: readonly HostPlace[], failover: boolean, role = ""): string {
  // With active checks, a server that is up again must not stay out for nginx's own fail_timeout. Without them, a few
  // failures in a row take it out for a moment.
  const limits = failover ? "max_fails=3 fail_timeout=2s" : "max_fails=0";
  return members
    .map(({ address, port }) => `    server ${endpoint(address, port)} ${limits}${role};\n`)
    .join("");
}
