import type { Survey } from "#kinds/orchestrator.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { fewAtOnce } from "#rollout/common/fewAtOnce.ts";
import type { AppHost } from "#rollout/host/appHost.ts";
import type { Drains } from "#rollout/nginx/reverseProxy.ts";
import { type FoundHost, foundHost, unknownHost } from "#rollout/roll/foundHost.ts";
import { type Observed, observe } from "#rollout/roll/observe.ts";
import type { Fleet } from "#rollout/roll/roll.ts";

const ANSWER_MILLISECONDS = 10_000;

/** What every host really runs, or why that is unknown. `known` is what a roll has just found. */
export async function survey(
  { hosts, proxy }: Pick<Fleet, "hosts" | "proxy">,
  known?: readonly FoundHost[],
): Promise<Survey> {
  if (known) return surveyFrom(proxy.url, known);
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
  const found = await Promise.all(fewAtOnce(hosts, (host) => find(host, observed)));
  return surveyFrom(proxy.url, found);
}

function surveyFrom(url: string, found: readonly FoundHost[]): Survey {
  return {
    url,
    rollingOrder: found
      .toSorted((a, b) => a.turn - b.turn)
      .map(({ name, description }) => `${name}: ${description}`),
    releases: Object.fromEntries(found.map(({ name, description }) => [name, description])),
  };
}

async function find(host: AppHost, proxy: Observed): Promise<FoundHost> {
  try {
    return foundHost(await observe(host, proxy, AbortSignal.timeout(ANSWER_MILLISECONDS)));
  } catch (error) {
    return unknownHost(host.name, messageOf(error));
  }
}
