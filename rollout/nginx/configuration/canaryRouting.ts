import { slotsOf, type TwoSlots } from "../../host/slots.ts";

/** Which hosts are canaries, and who gets to them unless a request says otherwise. */
export interface CanaryRouting {
  readonly hosts: string[];
  readonly traffic: "share" | "testers";
}

/** `$canary`: `always`, `never` or nothing, from the header `X-Canary`, or else the cookie `canary`. */
export function canaryMap(canary: CanaryRouting | undefined): string {
  if (!canary) return "";
  return `    map "$http_x_canary $cookie_canary" $canary {
        default ${canary.traffic === "testers" ? "never" : '""'};
        "~^(?<wish>always|never) " $wish;
        "~^ (?<wish>always|never)$" $wish;
    }
`;
}

/**
 * `$out_for_request`: the drained slots, and those that a request must not get, in the order of the configuration. A
 * wish that would leave nothing, as in the middle of a roll, is ignored.
 */
export function canaryLines(
  canary: CanaryRouting | undefined,
  hosts: readonly TwoSlots[],
  flagOf: (slot: string) => string,
): string {
  if (!canary) return "";
  const slots = hosts.flatMap((host) =>
    slotsOf(host).map(({ name }) => ({ name, isCanary: canary.hosts.includes(host.name) })),
  );
  const open = (variable: string, canaries: boolean) =>
    slots
      .filter(({ isCanary }) => isCanary === canaries)
      .map(({ name }) => `        if (!-f ${flagOf(name)}) { set ${variable} 1; }\n`)
      .join("");
  return `        # A request may ask for a canary or for none, as long as there is one that takes traffic.
        set $canary_open "";
${open("$canary_open", true)}        set $others_open "";
${open("$others_open", false)}        set $skip "";
        set $wish "$canary:$canary_open:$others_open";
        if ($wish ~ "^always:1:") { set $skip others; }
        if ($wish ~ "^never:1?:1") { set $skip canaries; }
        set $out_for_request "";
${slots
  .map(
    ({ name, isCanary }) => `        set $out "";
        if (-f ${flagOf(name)}) { set $out "${name} "; }
        if ($skip = ${isCanary ? "canaries" : "others"}) { set $out "${name} "; }
        set $out_for_request "\${out_for_request}$out";
`,
  )
  .join("")}`;
}

/** For the location of the application: before its upstream is picked. */
export function canaryPick(canary: CanaryRouting | undefined): string {
  return canary ? "            set $drained $out_for_request;\n" : "";
}
