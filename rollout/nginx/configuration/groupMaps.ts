import { slotsOf } from "../../host/slots.ts";
import type { DrainGroup } from "../drainGroups.ts";

/** How often a request draws a host before it takes the next one that takes traffic. */
const DRAWS = 8;

/**
 * `$group_pool`: the upstream of a request while a combination of slots without an upstream of its own is out. `out` is
 * the variable with the names that are out. nginx evaluates these variables only then.
 */
export function groupMaps(groups: readonly DrainGroup[], out: string): string {
  if (groups.length === 0) return "";
  const slots = groups.flatMap((group) => group.slots);
  const hosts = groups.flatMap((group) => group.hosts);
  const inTraffic = new Map(slots.map(({ name }, index) => [name, `$in_${index + 1}`]));
  const bits = (of: readonly { readonly name: string }[]) =>
    of.map(({ name }) => inTraffic.get(name)).join("");
  const places = ({ name, slots, hosts: members }: DrainGroup) =>
    members
      .map((host) => ` ${hosts.indexOf(host) + 1}=${bits(slotsOf(host))}:${name}_${bits(slots)}`)
      .join("");
  const draws = Array.from({ length: DRAWS }, (_, index) => index + 1);
  const around = groups.map(({ name }) => `$${name}`).join("");
  return `
    # For other combinations: a random host that takes traffic, and the others of its group if it does not answer.
${slots.map(({ name }) => `    map ${out} ${inTraffic.get(name)} { default 1; "~(^| )${name} " 0; }\n`).join("")}${groups
  .map((group) => `    map "" $${group.name} { default "${places(group)}"; }\n`)
  .join("")}${draws.map((draw) => drawOf(draw, hosts.length)).join("")}    map "${draws
    .map((draw) => `$draw_${draw}`)
    .join(" ")}${around}${around}" $group_pool {
        default none;
        # The first host that was drawn and takes traffic, or else the next one after the first draw.
        "~^(?:\\d+ ){0,${DRAWS - 1}}?(\\d+) .* \\1=[01]*1[01]*:(?<group>\\S+)" $group;
        "~^(\\d+) .*? \\1=(?:0+:\\S+ \\d+=)*[01]*1[01]*:(?<group>\\S+)" $group;
    }
`;
}

/** Numbers from 1 to the number of hosts, each as likely as any other. */
function drawOf(draw: number, hosts: number): string {
  const share = (Math.floor(10_000 / hosts) / 100).toFixed(2);
  const rows = Array.from({ length: hosts - 1 }, (_, index) => ` ${share}% ${index + 1};`);
  return `    split_clients "${draw} $request_id" $draw_${draw} {${rows.join("")} * ${hosts}; }\n`;
}
