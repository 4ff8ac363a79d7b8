import { setTimeout as sleep } from "node:timers/promises";
import type { AppHost, HostState, Revision } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import type { RollContext } from "./rollContext.ts";

/** One host as it is at this moment, asked from itself and from the proxy. */
export interface FleetMember {
  readonly host: AppHost;
  readonly state: HostState;
  readonly health: HealthReport;
  readonly drained: boolean;
  /** Healthy, seen up by the proxy, and taking traffic. */
  readonly serving: boolean;
}

/** Asks one host and the proxy about it. */
export async function observe(host: AppHost, proxy: ReverseProxy, signal: AbortSignal): Promise<FleetMember> {
  const [state, health, view, drained] = await Promise.all([
    host.observe(),
    host.probe(signal),
    proxy.upstream(host, signal),
    proxy.drained(signal),
  ]);
  const isDrained = drained.has(host.name);
  const serving = state.running !== undefined && health.up && view.up && !isDrained;
  return { host, state, health, drained: isDrained, serving };
}

/**
 * Asks again before it calls a host that runs and is admitted not serving: one slow answer under load must not
 * have it restarted, or taken for a host that costs nothing to take out.
 */
export async function observeSteadily(host: AppHost, context: RollContext): Promise<FleetMember> {
  const { passes, intervalMilliseconds } = context.policy.health;
  for (let asked = 1; ; asked++) {
    const member = await observe(host, context.proxy, context.signal);
    if (member.serving || member.drained || !member.state.running || asked >= passes + 1) return member;
    await sleep(intervalMilliseconds, undefined, { signal: context.signal });
  }
}

/** Whether nothing is left to do: the release runs as it should, is the current one, and takes traffic. */
export function isDone({ state, serving }: FleetMember, { release, launch }: Revision): boolean {
  return (
    serving &&
    state.current === release &&
    state.running?.release === release &&
    state.running.launch === launch
  );
}

/** Whether two targets are one. */
export function isSameRevision(a: Revision | undefined, b: Revision): boolean {
  return a?.release === b.release && a.launch === b.launch;
}

/** Hosts that do not serve come first, since touching them costs no capacity; else as configured. */
export function inRollingOrder(fleet: readonly FleetMember[]): FleetMember[] {
  return [...fleet.filter(({ serving }) => !serving), ...fleet.filter(({ serving }) => serving)];
}

/** `1.1.0-3fa9c1d2e4b5`, with what keeps the host from serving it. */
export function describeMember({ host, state, health, drained, serving }: FleetMember): string {
  if (state.running === undefined) return state.current ? `${state.current}, not running` : "no release";
  const remarks = [
    drained ? "drained" : serving ? "" : health.up ? "down in nginx" : "unhealthy",
    state.running.launch === host.launch ? "" : "started in another way",
  ];
  return [state.running.release, ...remarks.filter(Boolean)].join(", ");
}
