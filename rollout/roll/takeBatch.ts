import type { AppHost } from "../host/appHost.ts";
import type { FleetMember } from "./fleet.ts";
import { mayBeTakenOut } from "./peers.ts";

/** What limits a batch. */
export interface BatchLimits {
  readonly size: number;
  /** Whether a host keeps serving while it gets its new JVM. */
  startsFirst(member: FleetMember): boolean;
  /** How many of the others must serve while a host is out. */
  minimumHealthy(member: FleetMember): number;
}

/**
 * The hosts to roll next, side by side: of one zone, and no more of those that stop first than the others can make up
 * for.
 */
export function takeBatch(
  candidates: readonly FleetMember[],
  fleet: readonly FleetMember[],
  { size, startsFirst, minimumHealthy }: BatchLimits,
): FleetMember[] {
  const batch: FleetMember[] = [];
  const out = new Set<AppHost>();
  for (const member of candidates) {
    if (batch.length === size) break;
    if (batch[0] && batch[0].host.zone !== member.host.zone) continue;
    if (!startsFirst(member)) {
      const left = fleet.map((peer) => (out.has(peer.host) ? { ...peer, serving: false } : peer));
      if (!mayBeTakenOut(member, left, minimumHealthy(member))) continue;
      out.add(member.host);
    }
    batch.push(member);
  }
  return batch;
}
