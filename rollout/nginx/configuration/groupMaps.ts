import { slotsOf } from "../../host/slots.ts";
import type { DrainGroup } from "../drainGroups.ts";
import type { OwnName } from "../ownNames.ts";
import { inPieces } from "./inPieces.ts";

/** How often a request draws a host before it takes the next one that takes traffic. */
const DRAWS = 8;

/** With up to so many hosts, the next one can be found by one map. */
const WHOLE_HOSTS = 50;

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
  const isIn = slots.map((_, index) => {
    return `map $${own(out)} $${own(`in_${index + 1}`)} { default 1; "~^.{${index}}1" 0; }\n`;
  });
  const place = places.map((text, index) => {
    return `map "" $${own(`host_${index + 1}`)} { default ${text}; }\n`;
  });
  return `
# For other combinations: a random host that takes traffic, and the others of its group if it does not answer.
${isIn.join("")}${place.join("")}${draws.map((draw) => drawOf(draw, numbers, own, key)).join("")}${nextOf(numbers, own, key)}`;
}

/** Once none of those drawn takes traffic. */
function nextOf(numbers: readonly number[], own: OwnName, key: string): string {
  const last = `$${own(`group_pool_${DRAWS + 1}`)}`;
  const got = own("got");
  const pieces = inPieces(numbers, WHOLE_HOSTS);
  if (pieces.length <= 1) {
    const around = numbers.map((number) => ` ${number}=$${own(`host_${number}`)}`).join("");
    return `# None of those drawn takes traffic, so it is the next one after the first of them.
map "$${own("draw_1")}${around}${around}" ${last} {
    default none;
    "~^(\\d+) .*? \\1=(?:0+:\\S+ \\d+=)*[01]*1[01]*:(?<${got}>\\S+)" $${got};
}
`;
  }
  // nginx limits the length of a word, so a large fleet is searched part by part.
  const parts = pieces.map((piece, index) => {
    const hosts = piece.map((number) => `$${own(`host_${number}`)}`).join(" ");
    return `map "${hosts}" $${own(`part_${index + 1}`)} {
    default "";
    "~^(?:0+:\\S+ )*[01]*1[01]*:(?<${got}>\\S+)" $${got};
}
`;
  });
  const around = parts.map((_, index) => ` ${index + 1}=$${own(`part_${index + 1}`)}`).join("");
  return `# None of those drawn takes traffic, so it is the first one of the next part of the fleet in which any does.
${parts.join("")}split_clients "${key}" $${own("draw_part")} { ${sharesOf(parts.length)} }
map "$${own("draw_part")}${around}${around}" ${last} {
    default none;
    "~^(\\d+) .*? \\1=(?: \\d+=)*(?<${got}>[^ =]+)(?: |$)" $${got};
}
`;
}

/** As many parts of equal size, for `split_clients`, whose finest measure is a hundredth of a percent. */
function sharesOf(count: number): string {
  const [share, left] = [Math.floor(10_000 / count), 10_000 % count];
  const numbers = Array.from({ length: count - 1 }, (_, index) => {
    const hundredths = index < left ? share + 1 : share;
    return `${(hundredths / 100).toFixed(2)}% ${index + 2}; `;
  });
  return `${numbers.join("")}* 1;`;
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
  const hosts = numbers.map((number) => `${number} $${own(`host_${number}`)}; `);
  return `split_clients "${draw} ${key}" $${own(`draw_${draw}`)} { ${sharesOf(numbers.length)} }
map $${own(`draw_${draw}`)} $${own(`drawn_${draw}`)} { ${hosts.join("")}}
map $${own(`drawn_${draw}`)} $${own(draw === 1 ? "group_pool" : `group_pool_${draw}`)} {
    default $${own(`group_pool_${draw + 1}`)};
    "~^0*1[01]*:(?<${own("got")}>\\S+)" $${own("got")};
}
`;
}
