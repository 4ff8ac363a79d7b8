import { RollgateError } from "../common/errors.ts";
import { shortened } from "../common/shortened.ts";
import { describeTrouble } from "./describeMember.ts";
import type { FleetMember } from "./fleet.ts";
import { isLarge } from "./largeFleet.ts";
import { observeEach } from "./observeFleet.ts";
import type { RollContext } from "./rollContext.ts";

/** A host was not taken out of traffic because too few of the others serve. */
export class TooFewPeers extends RollgateError {
  readonly hosts: readonly string[];
  readonly minimumHealthy: number;

  constructor({ host }: FleetMember, peers: readonly FleetMember[], minimumHealthy: number) {
    const failing = peers
      .filter(({ serving }) => !serving)
      .map((peer) => `${peer.host.name} does not (${describeTrouble(peer)})`);
    const gone = peers.find(({ unreachable }) => unreachable !== undefined);
    super(
      "too-few-healthy",
      `${host.name} was not taken out: at least ${minimumHealthy} of the others must serve, but ${shortened(failing).join(", ")}`,
      gone && { cause: new RollgateError("unreachable", `${gone.host.name}: ${gone.unreachable}`) },
    );
    this.hosts = [host.name];
    this.minimumHealthy = minimumHealthy;
  }
}

/** Whether a host may be taken out of traffic; one that does not serve costs no capacity. */
export function mayBeTakenOut(
  member: FleetMember,
  fleet: readonly FleetMember[],
  minimumHealthy: number,
): boolean {
  return !member.serving || peersOf(member, fleet).filter(({ serving }) => serving).length >= minimumHealthy;
}

/** The other hosts of a fleet. */
export function peersOf(member: FleetMember, fleet: readonly FleetMember[]): FleetMember[] {
  return fleet.filter(({ host }) => host !== member.host);
}

/** Checks the other hosts again without waiting for them; throws `TooFewPeers`. */
export async function requireEnoughPeers(member: FleetMember, context: RollContext): Promise<void> {
  const { minimumHealthy } = context.policy;
  if (!member.serving || minimumHealthy === 0) return;
  const peers = await lookAtPeers(member, context);
  if (!mayBeTakenOut(member, peers, minimumHealthy)) throw new TooFewPeers(member, peers, minimumHealthy);
}

async function lookAtPeers(member: FleetMember, context: RollContext): Promise<readonly FleetMember[]> {
  const { hosts, view } = context;
  if (view && isLarge(hosts.length)) {
    await view.lookAgain();
    return peersOf(member, view.members);
  }
  const others = hosts.filter((host) => host !== member.host);
  return observeEach(others, context, (host) => view?.slotOf(host));
}
