import { RollgateError } from "../common/errors.ts";
import { describeTrouble, type FleetMember, observeSteadily } from "./fleet.ts";
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
      `${host.name} was not taken out: at least ${minimumHealthy} of the others must serve, but ${failing.join(", ")}`,
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
  const others = context.hosts.filter((host) => host !== member.host);
  const peers = await Promise.all(others.map((host) => observeSteadily(host, context)));
  if (!mayBeTakenOut(member, peers, minimumHealthy)) throw new TooFewPeers(member, peers, minimumHealthy);
}
