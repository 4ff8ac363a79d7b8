import { RollgateError } from "../common/errors.ts";
import { poll } from "../common/poll.ts";
import { describeMember, type FleetMember, observe } from "./fleet.ts";
import type { RollContext } from "./rollContext.ts";

/**
 * Asks all other hosts again, and waits until enough of them serve for this one to be taken out; throws when
 * they do not in time. A host that does not serve costs no capacity, so it may be touched at any time.
 */
export async function requireEnoughPeers(member: FleetMember, context: RollContext): Promise<void> {
  const { minimumHealthy, health } = context.policy;
  if (!member.serving || minimumHealthy === 0) return;
  const peers = context.hosts.filter((host) => host !== member.host);
  let states: FleetMember[] = [];
  const enough = await poll(
    async () => {
      states = await Promise.all(peers.map((peer) => observe(peer, context.proxy, context.signal)));
      return states.filter(({ serving }) => serving).length >= minimumHealthy || undefined;
    },
    {
      intervalMilliseconds: health.intervalMilliseconds,
      deadlineMilliseconds: health.deadlineSeconds * 1000,
      signal: context.signal,
    },
  );
  if (enough) return;
  const failing = states
    .filter(({ serving }) => !serving)
    .map((peer) => `${peer.host.name} does not (${describeMember(peer)}: ${peer.health.detail})`);
  throw new RollgateError(
    "too-few-healthy",
    `${member.host.name} was not taken out: at least ${minimumHealthy} of the others must serve, but ${failing.join(", ")}`,
  );
}
