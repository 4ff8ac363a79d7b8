import { slotsOf, type TwoSlots } from "../../host/slots.ts";
import type { OwnName } from "../ownNames.ts";

/** `$drained`: the bits of the slots whose flags are raised. Draining needs a file, not a reload. */
export function drainLines(
  hosts: readonly TwoSlots[],
  flagOf: (slot: string) => string,
  own: OwnName,
): string {
  const slots = hosts.flatMap(slotsOf).map(({ name }) => {
    return `    set $${own("bit")} 0;
    if (-f ${flagOf(name)}) { set $${own("bit")} 1; }
    set $${own("drained")} "\${${own("drained")}}$${own("bit")}";
`;
  });
  return `    set $${own("drained")} "";
${slots.join("")}`;
}
