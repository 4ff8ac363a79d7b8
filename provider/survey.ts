import type { Survey } from "#kinds/orchestrator.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { fewAtOnce } from "#rollout/common/fewAtOnce.ts";
import type { AppHost } from "#rollout/host/appHost.ts";
import type { Drains } from "#rollout/nginx/reverseProxy.ts";
import { describeMember, type Observed, observe } from "#rollout/roll/fleet.ts";
import type { Fleet } from "#rollout/roll/roll.ts";

const ANSWER_MILLISECONDS = 10_000;

/** What every host really runs, or why that is unknown. */
export async function survey({ hosts, proxy }: Pick<Fleet, "hosts" | "proxy">): Promise<Survey> {
  // Asked once: over SSH each question takes a round trip, and an nginx that hangs would hold up hosts in turn.
  let drains: Promise<Drains> | undefined;
  const drained = () => {
    drains ??= proxy.drained(AbortSignal.timeout(ANSWER_MILLISECONDS));
    return drains;
  };
  const observed: Observed = {
    drained,
    upstream: (slot, signal) => proxy.upstream(slot, signal),
  };
  const found = await Promise.all(fewAtOnce(hosts, (host) => describe(host, observed)));
  return {
    url: proxy.url,
    rollingOrder: found
      .toSorted((a, b) => a.turn - b.turn)
      .map(({ name, description }) => `${name}: ${description}`),
    releases: Object.fromEntries(found.map(({ name, description }) => [name, description])),
  };
}

/** Describes one host; a roll takes hosts with a lower `turn` first. */
async function describe(host: AppHost, proxy: Observed) {
  const unknown = (why: string) => ({ name: host.name, description: `unknown, ${why}`, turn: 2 });
  try {
    const member = await observe(host, proxy, AbortSignal.timeout(ANSWER_MILLISECONDS));
    if (member.unreachable !== undefined) return unknown(member.unreachable);
    return { name: host.name, description: describeMember(member), turn: member.serving ? 1 : 0 };
  } catch (error) {
    return unknown(messageOf(error));
  }
}
