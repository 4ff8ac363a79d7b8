import type { Revision } from "../host/appHost.ts";
import type { FleetMember } from "./fleet.ts";
import type { HostRoll } from "./hostRoll.ts";
import { emptySlot } from "./slotView.ts";

/** A host as it will be once what its roll has begun has ended. */
export function settled(
  { member, slot }: Pick<HostRoll, "member" | "slot">,
  revision: Revision,
): FleetMember {
  const { drainedBy: _, spare, ...rest } = member;
  const other = slot === member.slot ? spare?.slot : member.slot;
  const drains = { everywhere: new Set([other?.name ?? ""]), partly: new Map() };
  return {
    ...rest,
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
