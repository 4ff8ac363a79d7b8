import { slotsOf } from "../../host/slots.ts";
import type { DrainGroup } from "../drainGroups.ts";

/** How often a request draws a host before it takes the next one that takes traffic. */
const DRAWS = 8;

/**
 * `$group_pool`: the upstream of a request while a combination of slots without an upstream of its own is out. `out` is
 * the variable with the names that are out. nginx evaluates these variables only then, and only as many as it needs.
 */
export function groupMaps(groups: readonly DrainGroup[], out: string): string {
  if (groups.length === 0) return "";
  const slots = groups.flatMap((group) => group.slots);
  const places = placesIn(groups);
  const numbers = places.map((_, index) => index + 1);
  const draws = Array.from({ length: DRAWS }, (_, index) => index + 1);
  const around = numbers.map((number) => ` ${number}=$host_${number}`).join("");
  return `
    # For other combinations: a random host that takes traffic, and the others of its group if it does not answer.
${slots.map(({ name }, index) => `    map ${out} $in_${index + 1} { default 1; "~(?:^| )${name} " 0; }\n`).join("")}${places
  .map((place, index) => `    map "" $host_${index + 1} { default ${place}; }\n`)
  .join(
    "",
  )}${draws.map((draw) => drawOf(draw, numbers)).join("")}    # None of those drawn takes traffic, so it is the next one after the first of them.
    map "$draw_1${around}${around}" $group_pool_${DRAWS + 1} {
        default none;
        "~^(\\d+) .*? \\1=(?:0+:\\S+ \\d+=)*[01]*1[01]*:(?<group>\\S+)" $group;
    }
`;
}

/** For each host: a 1 for each of its slots in traffic, a 0 for each other, and the upstream of its group. */
function placesIn(groups: readonly DrainGroup[]): string[] {
  const all = groups.flatMap((group) => group.slots.map(({ name }) => name));
  const bits = (of: readonly { readonly name: string }[]) =>
    of.map(({ name }) => `$in_${all.indexOf(name) + 1}`).join("");
  return groups.flatMap((group) =>
    group.hosts.map((host) => `${bits(slotsOf(host))}:${group.name}_${bits(group.slots)}`),
  );
}

/** A host, each as likely as any other, and the upstream of its group if it takes traffic, or that of the next draw. */
function drawOf(draw: number, numbers: readonly number[]): string {
  const share = (Math.floor(10_000 / numbers.length) / 100).toFixed(2);
  const shares = numbers.slice(1).map((number) => `${share}% ${number}; `);
  const hosts = numbers.map((number) => `${number} $host_${number}; `);
  return `    split_clients "${draw} $request_id" $draw_${draw} { ${shares.join("")}* 1; }
    map $draw_${draw} $drawn_${draw} { ${hosts.join("")}}
    map $drawn_${draw} $group_pool${draw === 1 ? "" : `_${draw}`} {
        default $group_pool_${draw + 1};
        "~^0*1[01]*:(?<group>\\S+)" $group;
    }
`;
}
