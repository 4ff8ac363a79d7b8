import { setTimeout as sleep } from "node:timers/promises";
import { fewAtOnce } from "../common/fewAtOnce.ts";
import type { AppHost, Slot } from "../host/appHost.ts";
import type { Drains, ReverseProxy } from "../nginx/reverseProxy.ts";
import type { HealthPolicy } from "../request/rollRequest.ts";
import type { FleetMember } from "./fleet.ts";
import { type Asked, type Observed, type OnRunning, observe } from "./observe.ts";

/** How long several nginx may take to agree on a host: the checks of one that was started are more than a second apart. */
const AGREE_MILLISECONDS = 5_000;

/** The part of a roll's context that is needed to observe its hosts. */
export interface Observing {
  readonly hosts: readonly AppHost[];
  readonly proxy: ReverseProxy;
  readonly policy: { readonly health: HealthPolicy };
  readonly signal: AbortSignal;
}

/** Observes all hosts. */
export async function observeFleet(context: Observing): Promise<FleetMember[]> {
  return observeEach(context.hosts, context);
}

/**
 * Observes these hosts, a limited number at the same time: an nginx is asked about each over a few connections, and once
 * about its drains. `likely` says from which slot a host is likely to serve.
 */
export async function observeEach(
  hosts: readonly AppHost[],
  context: Observing,
  likely: (host: AppHost) => Slot | undefined = () => undefined,
  onRunning?: OnRunning,
): Promise<FleetMember[]> {
  const { proxy } = context;
  let drains: Promise<Drains> | undefined;
  const drained = () => {
    drains ??= proxy.drained(context.signal);
    return drains;
  };
  const observed: Observed = { drained, upstream: (slot, signal) => proxy.upstream(slot, signal) };
  const look = (host: AppHost) =>
    observeSteadily(host, context, observed, { likely: likely(host), onRunning });
  return Promise.all(fewAtOnce(hosts, look, context.signal));
}

/**
 * Asks again before reporting that a running, admitted host does not serve: one slow answer under load must not get it
 * restarted, or make it look like a host that costs nothing to take out. Nor must an nginx that has just been started, and
 * takes two checks to see a host up.
 */
async function observeSteadily(
  host: AppHost,
  context: Observing,
  first: Observed,
  what: Asked,
): Promise<FleetMember> {
  const { passes, intervalMilliseconds } = context.policy.health;
  const agreed = performance.now() + AGREE_MILLISECONDS;
  for (let asked = 1; ; asked++) {
    const proxy = asked === 1 ? first : context.proxy;
    const member = await observe(host, proxy, context.signal, what);
    const mayAgree = member.isDisputed && performance.now() < agreed;
    const isSure = asked >= passes + 1 && !mayAgree;
    if (member.serving || member.drained || !member.state.running || isSure) return member;
    await sleep(intervalMilliseconds, undefined, { signal: context.signal });
  }
}
