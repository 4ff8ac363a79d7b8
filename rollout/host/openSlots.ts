import type { HostFolder } from "./hostPlace.ts";
import type { HostParts } from "./machineAppHost.ts";
import type { SlotParts } from "./machineSlot.ts";
import { slotsOf, type TwoSlots } from "./slots.ts";

/** Opens the slots of a host that has a folder. */
export function openSlots(
  { directory, ...place }: TwoSlots & Pick<HostFolder, "directory">,
  open: (slot: HostFolder) => SlotParts,
): SlotParts & Pick<HostParts, "second"> {
  const [first, second] = slotsOf(place);
  const other = open({ ...(second ?? first), directory, slot: "b" });
  return { ...open({ ...first, directory }), ...(second ? { second: other } : { former: other.supervisor }) };
}
