import { RollgateError } from "../common/errors.ts";
import { shortened } from "../common/shortened.ts";
import type { AppHost } from "../host/appHost.ts";
import { describeTrouble } from "./describeMember.ts";
import { type FleetMember, isDone, isSameRevision } from "./fleet.ts";
import { runsTheRevision } from "./hostRoll.ts";
import { listHosts } from "./listHosts.ts";
import { peersOf, TooFewPeers } from "./peers.ts";
import { takeBatch } from "./takeBatch.ts";

/** What a roll does next. */
export type Step =
  /** One host, or several at once if none is running. */
  | { readonly kind: "roll"; readonly members: readonly FleetMember[] }
  /** Wait for hosts that may come back by themselves; if they don't, the roll fails with `otherwise`. */
  | { readonly kind: "wait"; readonly members: readonly FleetMember[]; readonly otherwise: RollgateError }
  | { readonly kind: "fail"; readonly error: RollgateError }
  /** Every host has passed its gates; the `doubtful` ones no longer serve. */
  | { readonly kind: "finish"; readonly doubtful: readonly FleetMember[] };

/** Where a roll is going, and how far it has got. */
export interface RollProgress {
  /** The release that a host is brought to. */
  releaseOf(host: AppHost): string;
  readonly minimumHealthy: number;
  /** How many hosts may be rolled side by side. */
  readonly batchSize: number;
  /** Whether a host keeps serving while it gets its new JVM. */
  startsFirst(member: FleetMember): boolean;
  /** How often each host was brought to the release in this roll. */
  readonly turns: ReadonlyMap<AppHost, number>;
}

/** In a larger fleet, JVMs on one machine that all start together would not be healthy in time. */
const MOST_AT_ONCE = 8;

/** If a host stops again after a restart, it needs a person. */
const MOST_TURNS = 2;

/** Hosts can no longer be reached, so what they run is unknown. */
export class HostsUnreachable extends RollgateError {
  constructor(members: readonly FleetMember[], releaseOf: (host: AppHost) => string) {
    const hosts = members.map(({ host }) => host.name);
    const why = members.map(({ host, unreachable }) =>
      members.length > 1 ? `${host.name}: ${unreachable}` : `${unreachable}`,
    );
    const releases = [...new Set(members.map(({ host }) => releaseOf(host)))].join(" and ");
    super(
      "unreachable",
      `${listHosts(hosts)} could not be brought to ${releases}: ${shortened(why).join(", ")}`,
    );
  }
}

/**
 * Decides by the current state of every host. Hosts that do not serve come first, since touching them costs no
 * capacity; a host whose process has exited is started again rather than waited for.
 */
export function decideStep(fleet: readonly FleetMember[], progress: RollProgress): Step {
  const { releaseOf, minimumHealthy, turns, batchSize, startsFirst } = progress;
  const limits = { size: batchSize, startsFirst, minimumHealthy: () => minimumHealthy };
  const pending = fleet.filter((member) => !isFinished(member, releaseOf(member.host)));
  const unreachable = pending.filter((member) => member.unreachable !== undefined);
  const takeable = pending.filter((member) => mayBeTaken(member, progress));

  // A running but unhealthy one may still be serving clients: not every nginx checks.
  const nobodyRuns =
    turns.size === 0 && fleet.every(({ state, unreachable: why }) => !state.running && why === undefined);
  if (nobodyRuns && takeable.length > 1 && fleet.length <= MOST_AT_ONCE)
    return { kind: "roll", members: takeable };

  const free = takeable.filter(
    (member) => !member.serving || runsTheRevision(member, revisionOf(member, releaseOf(member.host))),
  );
  if (free.length > 0)
    return { kind: "roll", members: takeBatch(free, fleet, { ...limits, startsFirst: () => true }) };

  const [next] = takeable;
  if (next) {
    const batch = takeBatch(takeable, fleet, limits);
    if (batch.length > 0) return { kind: "roll", members: batch };
    const peers = peersOf(next, fleet);
    const error = new TooFewPeers(next, peers, minimumHealthy);
    const members = peers.filter(mayComeBack);
    return members.length > 0 ? { kind: "wait", members, otherwise: error } : { kind: "fail", error };
  }
  if (unreachable.length > 0) {
    const otherwise = new HostsUnreachable(unreachable, releaseOf);
    return { kind: "wait", members: unreachable, otherwise };
  }
  const ended = pending.find((member) => member.state.running?.release !== releaseOf(member.host));
  if (ended) return { kind: "fail", error: endedAgain(ended, releaseOf(ended.host)) };
  if (pending.length > 0 && !fleet.some(({ serving }) => serving)) {
    return { kind: "fail", error: nobodyServes(pending, progress) };
  }
  return { kind: "finish", doubtful: pending };
}

/** Serving is not enough: if a deployer died before the last gate, the release is not recorded as good. */
export function isFinished(member: FleetMember, release: string): boolean {
  const revision = revisionOf(member, release);
  return isDone(member, revision) && isSameRevision(member.state.lastKnownGood, revision);
}

function revisionOf({ host: { launch } }: FleetMember, release: string) {
  return { release, launch };
}

function mayBeTaken({ host, unreachable, state }: FleetMember, { releaseOf, turns }: RollProgress): boolean {
  if (unreachable !== undefined) return false;
  const taken = turns.get(host) ?? 0;
  return taken === 0 || (taken < MOST_TURNS && state.running?.release !== releaseOf(host));
}

/** Without a roll: because it answers again, or its supervisor restarts it after a reboot. */
function mayComeBack({ serving, unreachable, state }: FleetMember): boolean {
  return !serving && (unreachable !== undefined || state.running !== undefined);
}

function nobodyServes(members: readonly FleetMember[], { releaseOf }: RollProgress): RollgateError {
  const releases = [...new Set(members.map(({ host }) => releaseOf(host)))].join(" or ");
  const all = members.map((member) => `${member.host.name} (${describeTrouble(member)})`);
  const trouble = shortened(all).join(", ");
  return new RollgateError(
    "nobody-serves",
    `no host is serving ${releases} after passing its gates: ${trouble}`,
  );
}

function endedAgain(member: FleetMember, release: string): RollgateError {
  return new RollgateError(
    "ended-again",
    `${member.host.name} passed its gates on ${release} ${MOST_TURNS} times but is no longer running it (${describeTrouble(member)})`,
  );
}
