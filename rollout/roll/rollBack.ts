import { RollgateError } from "../common/errors.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { type FleetMember, listHosts, observeFleet } from "./fleet.ts";
import { HostRoll } from "./hostRoll.ts";
import { mayBeTakenOut, peersOf, TooFewPeers } from "./peers.ts";
import type { RollContext } from "./rollContext.ts";
import { stopReason } from "./stopReason.ts";
import { Waiting } from "./waiting.ts";

/** A host that this roll has changed, and what it ran before. */
export interface Replaced {
  readonly host: AppHost;
  readonly before: Revision;
}

/** What a rollback achieved, and what it could not. */
export interface WayBack {
  readonly returned: readonly Replaced[];
  /** Hosts that keep the new release, in the order in which they would have gone back. */
  readonly kept: readonly Replaced[];
  /** Why it ended before all were back, if it did. */
  readonly stoppedBy?: RollgateError;
}

/**
 * Returns hosts to what they ran, the last one first, through the same gates as the roll itself, from releases kept on
 * the hosts. Does not wait for hosts that only another roll can fix, nor leave the others on two releases because of
 * them.
 */
export async function rollBack(replaced: readonly Replaced[], context: RollContext): Promise<WayBack> {
  const returned: Replaced[] = [];
  let kept = replaced.toReversed();
  const waiting = new Waiting(context);
  try {
    while (kept.length > 0) {
      const fleet = await observeFleet(context);
      const [next, member] = nextBack(kept, fleet);
      requireReachable(member);
      const minimumHealthy = minimumBack(member, fleet, context.policy.minimumHealthy);
      if (!mayBeTakenOut(member, fleet, minimumHealthy)) {
        await waitForPeers(member, fleet, waiting, minimumHealthy);
        continue;
      }
      waiting.isOver();
      context.report("rollback", describeStep(next, member, fleet), next.host);
      if (!(await goBack(member, next, withMinimum(context, minimumHealthy)))) continue;
      returned.push(next);
      kept = kept.filter((other) => other !== next);
    }
  } catch (error) {
    const stoppedBy = context.signal.aborted ? stopReason(context) : error;
    if (!(stoppedBy instanceof RollgateError)) throw error;
    return { returned, kept, stoppedBy };
  }
  return { returned, kept };
}

/** A host that does not serve costs no capacity. */
function nextBack(kept: readonly Replaced[], fleet: readonly FleetMember[]): [Replaced, FleetMember] {
  const pairs = kept.flatMap((one): [Replaced, FleetMember][] => {
    const member = fleet.find(({ host }) => host === one.host);
    return member ? [[one, member]] : [];
  });
  const reachable = pairs.filter(([, { unreachable }]) => unreachable === undefined);
  const found = reachable.find(([, { serving }]) => !serving) ?? reachable[0] ?? pairs[0];
  if (!found) throw new Error("a host of the roll is not in the fleet");
  return found;
}

function requireReachable({ host, unreachable }: FleetMember): void {
  if (unreachable !== undefined)
    throw new RollgateError("unreachable", `${host.name} is unreachable: ${unreachable}`);
}

/**
 * How many of the others must serve while a host goes back. If the roll was told all of them, the dead don't count, but
 * at least one must serve. A smaller number stands.
 */
function minimumBack(member: FleetMember, fleet: readonly FleetMember[], minimumHealthy: number): number {
  const peers = peersOf(member, fleet);
  if (minimumHealthy < peers.length) return minimumHealthy;
  return Math.min(minimumHealthy, Math.max(1, peers.length - peers.filter(isDead).length));
}

/** Whether only another roll can fix it; an unreachable one counts, since a rollback does not wait for machines. */
function isDead({ serving, drained, state }: FleetMember): boolean {
  return !serving && (drained || state.running === undefined);
}

function withMinimum(context: RollContext, minimumHealthy: number): RollContext {
  return { ...context, policy: { ...context.policy, minimumHealthy } };
}

function describeStep({ before }: Replaced, member: FleetMember, fleet: readonly FleetMember[]): string {
  const dead = peersOf(member, fleet).filter(isDead);
  const without = dead.length > 0 ? ` without ${listHosts(dead.map(({ host }) => host.name))}` : "";
  return `going back to ${before.release}${without}`;
}

async function waitForPeers(
  member: FleetMember,
  fleet: readonly FleetMember[],
  waiting: Waiting,
  minimumHealthy: number,
): Promise<void> {
  const peers = peersOf(member, fleet);
  const error = new TooFewPeers(member, peers, minimumHealthy);
  const hopeful = peers.filter((peer) => !peer.serving && !isDead(peer));
  if (hopeful.length === 0) throw error;
  await waiting.goOn(hopeful, error);
}

/** Whether it got there; not if a peer failed while the host was drained, which then takes traffic again. */
async function goBack(member: FleetMember, { before }: Replaced, context: RollContext): Promise<boolean> {
  try {
    await new HostRoll(member, before, context).run();
    return true;
  } catch (error) {
    if (error instanceof TooFewPeers) return false;
    throw error;
  }
}
