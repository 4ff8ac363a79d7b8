import { RollgateError } from "../common/errors.ts";
import type { AppHost } from "../host/appHost.ts";
import { EVERY_COMBINATION_UP_TO } from "../nginx/drainPools.ts";
import { describeTrouble, type FleetMember, isDone, isSameRevision, listHosts } from "./fleet.ts";
import { mayBeTakenOut, peersOf, TooFewPeers } from "./peers.ts";

/** What a roll does next. */
export type Step =
  /** One host, or several at once while none runs. */
  | { readonly kind: "roll"; readonly members: readonly FleetMember[] }
  /** For hosts that may come back by themselves; without them the roll fails with `otherwise`. */
  | { readonly kind: "wait"; readonly members: readonly FleetMember[]; readonly otherwise: RollgateError }
  | { readonly kind: "fail"; readonly error: RollgateError }
  /** Every host has passed its gates; `doubtful` are those that do not serve any more. */
  | { readonly kind: "finish"; readonly doubtful: readonly FleetMember[] };

/** Where a roll is to go, and how far it has come. */
export interface RollProgress {
  readonly release: string;
  readonly minimumHealthy: number;
  /** How often each host was brought to the release in this roll. */
  readonly turns: ReadonlyMap<AppHost, number>;
}

/** A host that stops again after the release was started on it anew needs a person. */
const MOST_TURNS = 2;

/** Hosts could not be asked any more, so nobody knows what they run. */
export class HostsUnreachable extends RollgateError {
  constructor(members: readonly FleetMember[], release: string) {
    const hosts = members.map(({ host }) => host.name);
    const why = members.map(({ host, unreachable }) =>
      members.length > 1 ? `${host.name}: ${unreachable}` : unreachable,
    );
    super("unreachable", `${listHosts(hosts)} could not be brought to ${release}: ${why.join(", ")}`);
  }
}

/**
 * Decides from what every host is now. Hosts that do not serve come first, since touching them costs no capacity;
 * a host whose process has ended is started again rather than waited for.
 */
export function decideStep(fleet: readonly FleetMember[], progress: RollProgress): Step {
  const { release, minimumHealthy, turns } = progress;
  const pending = fleet.filter((member) => !isFinished(member, release));
  const unreachable = pending.filter((member) => member.unreachable !== undefined);
  const takeable = pending.filter((member) => mayBeTaken(member, progress));

  // An unhealthy one that runs may still be what clients get: not every nginx checks.
  const nobodyRuns =
    turns.size === 0 && fleet.every(({ state, unreachable: why }) => !state.running && why === undefined);
  // Larger fleets have no upstream for every combination of hosts that are ready already.
  if (nobodyRuns && takeable.length > 1 && fleet.length <= EVERY_COMBINATION_UP_TO)
    return { kind: "roll", members: takeable };

  const free = takeable.find((member) => !member.serving || isDone(member, revisionOf(member, release)));
  if (free) return { kind: "roll", members: [free] };

  const [next] = takeable;
  if (next) {
    if (mayBeTakenOut(next, fleet, minimumHealthy)) return { kind: "roll", members: [next] };
    const peers = peersOf(next, fleet);
    const error = new TooFewPeers(next, peers, minimumHealthy);
    const members = peers.filter(mayComeBack);
    return members.length > 0 ? { kind: "wait", members, otherwise: error } : { kind: "fail", error };
  }
  if (unreachable.length > 0) {
    const otherwise = new HostsUnreachable(unreachable, release);
    return { kind: "wait", members: unreachable, otherwise };
  }
  const ended = pending.find((member) => member.state.running?.release !== release);
  if (ended) return { kind: "fail", error: endedAgain(ended, release) };
  if (pending.length > 0 && !fleet.some(({ serving }) => serving)) {
    return { kind: "fail", error: nobodyServes(pending, release) };
  }
  return { kind: "finish", doubtful: pending };
}

/** Not served only: a deployer that died before the last gate has not marked it. */
export function isFinished(member: FleetMember, release: string): boolean {
  const revision = revisionOf(member, release);
  return isDone(member, revision) && isSameRevision(member.state.lastKnownGood, revision);
}

function revisionOf({ host: { launch } }: FleetMember, release: string) {
  return { release, launch };
}

function mayBeTaken({ host, unreachable, state }: FleetMember, { release, turns }: RollProgress): boolean {
  if (unreachable !== undefined) return false;
  const taken = turns.get(host) ?? 0;
  return taken === 0 || (taken < MOST_TURNS && state.running?.release !== release);
}

/** Without a roll: by an answer in time, by its supervisor after a reboot. */
function mayComeBack({ serving, unreachable, state }: FleetMember): boolean {
  return !serving && (unreachable !== undefined || state.running !== undefined);
}

function nobodyServes(members: readonly FleetMember[], release: string): RollgateError {
  const trouble = members.map((member) => `${member.host.name} (${describeTrouble(member)})`).join(", ");
  return new RollgateError(
    "nobody-serves",
    `no host serves ${release} after it passed its gates: ${trouble}`,
  );
}

function endedAgain(member: FleetMember, release: string): RollgateError {
  return new RollgateError(
    "ended-again",
    `${member.host.name} passed its gates on ${release} ${MOST_TURNS} times and does not run it any more (${describeTrouble(member)})`,
  );
}
