import type { Revision } from "../host/appHost.ts";
import type { FleetMember } from "./fleet.ts";
import { emptySlot } from "./slotView.ts";

/** A host as it will be after its turn, which serves from `slot` then. */
export function settled(
  { drainedBy: _, isDisputed: __, spare, ...member }: FleetMember,
  revision: Revision,
  slot = member.slot,
): FleetMember {
  const other = slot === member.slot ? spare?.slot : member.slot;
  const drains = { everywhere: new Set([other?.name ?? ""]), partly: new Map() };
  return {
    ...member,
    slot,
    health: { up: true, detail: "UP" },
    drained: false,
    serving: true,
    state: {
      ...member.state,
      running: { pid: 0, ...revision },
      current: revision.release,
      lastKnownGood: revision,
    },
    ...(other && { spare: emptySlot(other, drains) }),
  };
}
