import { slotsOf } from "../../host/slots.ts";
import type { DrainGroup } from "../drainGroups.ts";
import type { OwnName } from "../ownNames.ts";

/** How often a request draws a host before it takes the next one that takes traffic. */
const DRAWS = 8;

/**
 * `$group_pool`: the upstream of a request while a combination of slots without an upstream of its own is out. `out` is
 * the variable with the slots that are out; the same `key` always draws the same hosts. nginx evaluates these variables only then, and only as many as it needs.
 */
export function groupMaps(groups: readonly DrainGroup[], out: string, own: OwnName, key: string): string {
  if (groups.length === 0) return "";
  const slots = groups.flatMap((group) => group.slots);
  const places = placesIn(groups, own);
  const numbers = places.map((_, index) => index + 1);
  const draws = Array.from({ length: DRAWS }, (_, index) => index + 1);
  const around = numbers.map((number) => ` ${number}=$${own(`host_${number}`)}`).join("");
  const isIn = slots.map((_, index) => {
    return `map $${own(out)} $${own(`in_${index + 1}`)} { default 1; "~^.{${index}}1" 0; }\n`;
  });
  const place = places.map((text, index) => {
    return `map "" $${own(`host_${index + 1}`)} { default ${text}; }\n`;
  });
  return `
# For other combinations: a random host that takes traffic, and the others of its group if it does not answer.
${isIn.join("")}${place.join("")}${draws.map((draw) => drawOf(draw, numbers, own, key)).join("")}# None of those drawn takes traffic, so it is the next one after the first of them.
map "$${own("draw_1")}${around}${around}" $${own(`group_pool_${DRAWS + 1}`)} {
    default none;
    "~^(\\d+) .*? \\1=(?:0+:\\S+ \\d+=)*[01]*1[01]*:(?<${own("got")}>\\S+)" $${own("got")};
}
`;
}

/** For each host: a 1 for each of its slots in traffic, a 0 for each other, and the upstream of its group. */
function placesIn(groups: readonly DrainGroup[], own: OwnName): string[] {
  const all = groups.flatMap((group) => group.slots.map(({ name }) => name));
  const bits = (of: readonly { readonly name: string }[]) =>
    of.map(({ name }) => `$${own(`in_${all.indexOf(name) + 1}`)}`).join("");
  return groups.flatMap((group) =>
    group.hosts.map((host) => `${bits(slotsOf(host))}:${own(group.name)}_${bits(group.slots)}`),
  );
}

/** A host, each as likely as any other, and the upstream of its group if it takes traffic, or that of the next draw. */
function drawOf(draw: number, numbers: readonly number[], own: OwnName, key: string): string {
  const share = (Math.floor(10_000 / numbers.length) / 100).toFixed(2);
  const shares = numbers.slice(1).map((number) => `${share}% ${number}; `);
  const hosts = numbers.map((number) => `${number} $${own(`host_${number}`)}; `);
  return `split_clients "${draw} ${key}" $${own(`draw_${draw}`)} { ${shares.join("")}* 1; }
map $${own(`draw_${draw}`)} $${own(`drawn_${draw}`)} { ${hosts.join("")}}
map $${own(`drawn_${draw}`)} $${own(draw === 1 ? "group_pool" : `group_pool_${draw}`)} {
    default $${own(`group_pool_${draw + 1}`)};
    "~^0*1[01]*:(?<${own("got")}>\\S+)" $${own("got")};
}
`;
}
