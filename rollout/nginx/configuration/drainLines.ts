import { slotsOf, type TwoSlots } from "../../host/slots.ts";
import type { OwnName } from "../ownNames.ts";
import { collected } from "./inPieces.ts";

/** `$drained`: the bits of the slots whose flags are raised. Draining needs a file, not a reload. */
export function drainLines(
  hosts: readonly TwoSlots[],
  flagOf: (slot: string) => string,
  own: OwnName,
): string {
  const bit = own("bit");
  return collected(hosts.flatMap(slotsOf), own("drained"), ({ name }, drained) => {
    return `    set $${bit} 0;
    if (-f ${flagOf(name)}) { set $${bit} 1; }
    set $${drained} "\${${drained}}$${bit}";
`;
  });
}
