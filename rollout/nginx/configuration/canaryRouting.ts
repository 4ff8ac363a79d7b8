import { slotsOf, type TwoSlots } from "../../host/slots.ts";
import type { OwnName } from "../ownNames.ts";

/** Which hosts are canaries, and who gets to them unless a request says otherwise. */
export interface CanaryRouting {
  readonly hosts: string[];
  readonly traffic: "share" | "testers";
}

/** `$canary`: `always`, `never` or nothing, from the header `X-Canary`, or else the cookie `canary`. */
export function canaryMap(canary: CanaryRouting | undefined, own: OwnName): string {
  if (!canary) return "";
  return `map "$http_x_canary $cookie_canary" $${own("canary")} {
    default ${canary.traffic === "testers" ? "never" : '""'};
    "~^(?<${own("got")}>always|never) " $${own("got")};
    "~^ (?<${own("got")}>always|never)$" $${own("got")};
}
`;
}

/**
 * `$drained` with canaries: the bits of the slots whose flags are raised, or that the request must not get. A wish that
 * would leave nothing, as in the middle of a roll, is ignored.
 */
export function canaryLines(
  canary: CanaryRouting,
  hosts: readonly TwoSlots[],
  flagOf: (slot: string) => string,
  own: OwnName,
): string {
  const slots = hosts.flatMap((host) =>
    slotsOf(host).map(({ name }) => ({ name, isCanary: canary.hosts.includes(host.name) })),
  );
  const open = (name: string, canaries: boolean) =>
    slots
      .filter(({ isCanary }) => isCanary === canaries)
      .map((slot) => `    if (!-f ${flagOf(slot.name)}) { set $${own(name)} 1; }\n`)
      .join("");
  const [bit, out, skip, wish] = [own("bit"), own("drained"), own("skip"), own("wish")];
  return `    # A request may ask for a canary or for none, as long as there is one that takes traffic.
    set $${own("canary_open")} "";
${open("canary_open", true)}    set $${own("others_open")} "";
${open("others_open", false)}    set $${skip} "";
    set $${wish} "$${own("canary")}:$${own("canary_open")}:$${own("others_open")}";
    if ($${wish} ~ "^always:1:") { set $${skip} others; }
    if ($${wish} ~ "^never:1?:1") { set $${skip} canaries; }
    set $${out} "";
${slots
  .map(
    ({ name, isCanary }) => `    set $${bit} 0;
    if (-f ${flagOf(name)}) { set $${bit} 1; }
    if ($${skip} = ${isCanary ? "canaries" : "others"}) { set $${bit} 1; }
    set $${out} "\${${out}}$${bit}";
`,
  )
  .join("")}`;
}
