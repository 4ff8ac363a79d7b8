import type { FleetMember } from "./fleet.ts";
import type { SlotView } from "./slotView.ts";

/**
 * Whether nginx may send requests to slots that are drained while the standby flag is raised. Its upstreams do so only
 * while every host takes traffic in its first slot alone, or every host in its second: see `standbyPools`.
 */
export function mayFallBack(fleet: readonly FleetMember[]): boolean {
  return [false, true].some((inSecond) => fleet.every((member) => mayServeFrom(member, inSecond)));
}

/** Whether a host may take traffic in that slot alone, as far as is known of it. */
function mayServeFrom({ host, unreachable, spare, ...main }: FleetMember, inSecond: boolean): boolean {
  if (unreachable !== undefined || !spare) return true;
  const [only, other] = (main.slot === host) === inSecond ? [spare, main] : [main, spare];
  return !only.drained && !isIn(other);
}

/** In every nginx. */
function isIn({ drained, drainedBy }: Pick<SlotView, "drained" | "drainedBy">): boolean {
  return !drained && drainedBy === undefined;
}
