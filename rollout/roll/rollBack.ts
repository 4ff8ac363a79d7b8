import { RollgateError } from "../common/errors.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { type FleetMember, observeFleet } from "./fleet.ts";
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
 * Returns hosts to what they ran, the last one first, through the same gates and with the same minimum healthy as the
 * roll itself, from releases kept on the hosts. Does not wait for hosts that only another roll can fix.
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
      if (!mayBeTakenOut(member, fleet, context.policy.minimumHealthy)) {
        await waitForPeers(member, fleet, waiting, context);
        continue;
      }
      waiting.isOver();
      context.report("rollback", `going back to ${next.before.release}`, next.host);
      if (!(await goBack(member, next, context))) continue;
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

async function waitForPeers(
  member: FleetMember,
  fleet: readonly FleetMember[],
  waiting: Waiting,
  { policy }: RollContext,
): Promise<void> {
  const peers = peersOf(member, fleet);
  const error = new TooFewPeers(member, peers, policy.minimumHealthy);
  const hopeful = peers.filter(
    ({ serving, drained, state }) => !serving && !drained && state.running !== undefined,
  );
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
