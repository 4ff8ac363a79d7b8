import { RollgateError } from "../common/errors.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { largestBatch } from "../request/batch.ts";
import type { FleetMember } from "./fleet.ts";
import { FleetView } from "./fleetView.ts";
import { listHosts } from "./listHosts.ts";
import { peersOf, TooFewPeers } from "./peers.ts";
import { type RollContext, withoutJudges } from "./rollContext.ts";
import { rollTogether } from "./rollTogether.ts";
import { stopReason } from "./stopReason.ts";
import { takeBatch } from "./takeBatch.ts";
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
  const view = new FleetView(context);
  const waiting = new Waiting(context);
  try {
    while (kept.length > 0) {
      await view.look();
      const { fleet, candidates, batch } = await nextBack(kept, view, context);
      if (batch.length === 0) {
        await waitForPeers(candidates, fleet, waiting, context);
        continue;
      }
      waiting.isOver();
      for (const back of batch) {
        context.report("rollback", describeStep(back, fleet), back.member.host);
        view.changes(back.member.host);
      }
      const together = await rollTogether(
        batch.map(({ member, to, minimumHealthy }) => ({
          member,
          revision: to.before,
          context: withMinimum({ ...context, view }, minimumHealthy),
        })),
        batch.length,
      );
      const failure = together.failure ?? (await together.ending);
      const back = batch.filter(({ member }) =>
        together.done.some((roll) => roll.member.host === member.host),
      );
      returned.push(...back.map(({ to }) => to));
      for (const { member } of back) context.follower?.wentBack(member.host);
      kept = kept.filter((one) => !returned.includes(one));
      if (failure !== undefined) throw failure;
    }
  } catch (error) {
    const stoppedBy = context.signal.aborted ? stopReason(context) : error;
    if (!(stoppedBy instanceof RollgateError)) throw error;
    return { returned, kept, stoppedBy };
  }
  return { returned, kept };
}

/** A host that is to go back, as it is now. */
interface Candidate {
  readonly to: Replaced;
  readonly member: FleetMember;
  /** How many of the others must serve meanwhile. */
  readonly minimumHealthy: number;
}

/** Hosts that can be reached, those first that don't serve, since they cost no capacity. */
function inOrder(
  kept: readonly Replaced[],
  fleet: readonly FleetMember[],
): Omit<Candidate, "minimumHealthy">[] {
  const members = new Map(fleet.map((member) => [member.host, member]));
  const pairs = kept.flatMap((to) => {
    const member = members.get(to.host);
    return member ? [{ to, member }] : [];
  });
  if (pairs.length < kept.length) throw new Error("a host of the roll is not in the fleet");
  const reachable = pairs.filter(({ member }) => member.unreachable === undefined);
  const [gone] = pairs;
  if (reachable.length === 0 && gone) {
    const { host, unreachable } = gone.member;
    throw new RollgateError("unreachable", `${host.name} is unreachable: ${unreachable}`);
  }
  const isServing = ({ member }: { member: FleetMember }) => member.serving;
  return [...reachable.filter((one) => !isServing(one)), ...reachable.filter(isServing)];
}

/** The hosts to go back next, by a look at the fleet that is recent enough. */
async function nextBack(kept: readonly Replaced[], view: FleetView, context: RollContext) {
  for (;;) {
    const fleet = view.members;
    const candidates = inOrder(kept, fleet);
    await context.orders.decide(candidates.map(({ member }) => member));
    const batch = batchBack(candidates, fleet, context);
    const hosts = batch.length > 0 ? batch.map(({ member }) => member.host) : context.hosts;
    if (!(await view.confirm(hosts))) return { fleet, candidates, batch };
  }
}

/** The hosts to go back side by side. */
function batchBack(
  candidates: readonly Omit<Candidate, "minimumHealthy">[],
  fleet: readonly FleetMember[],
  { policy, orders }: RollContext,
): Candidate[] {
  const minimumHealthy = (member: FleetMember) => minimumBack(member, fleet, policy.minimumHealthy);
  const batch = takeBatch(
    candidates.map(({ member }) => member),
    fleet,
    {
      size: largestBatch(policy.batch, fleet.length),
      startsFirst: (member) => orders.startsFirst(member),
      minimumHealthy,
    },
  );
  return candidates
    .filter(({ member }) => batch.includes(member))
    .map((one) => ({ ...one, minimumHealthy: minimumHealthy(one.member) }));
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
  const { hooks: _, ...rest } = withoutJudges(context);
  return { ...rest, policy: { ...rest.policy, minimumHealthy } };
}

function describeStep({ to, member }: Candidate, fleet: readonly FleetMember[]): string {
  const dead = peersOf(member, fleet).filter(isDead);
  const without = dead.length > 0 ? ` without ${listHosts(dead.map(({ host }) => host.name))}` : "";
  return `going back to ${to.before.release}${without}`;
}

async function waitForPeers(
  [first]: readonly Pick<Candidate, "member">[],
  fleet: readonly FleetMember[],
  waiting: Waiting,
  { policy }: RollContext,
): Promise<void> {
  if (!first) return;
  const { member } = first;
  const peers = peersOf(member, fleet);
  const error = new TooFewPeers(member, peers, minimumBack(member, fleet, policy.minimumHealthy));
  const hopeful = peers.filter((peer) => !peer.serving && !isDead(peer));
  if (hopeful.length === 0) throw error;
  await waiting.goOn(hopeful, error);
}
