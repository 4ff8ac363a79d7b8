import type { AppHost, HostState } from "./appHost.ts";
import type { Target } from "./hostRoll.ts";
import type { HealthReport } from "./probe.ts";
import type { ReverseProxy } from "./reverseProxy.ts";

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
    proxy.view(host, signal),
    proxy.drained(signal),
  ]);
  const isDrained = drained.has(host.name);
  const serving = state.running !== undefined && health.up && view.up && !isDrained;
  return { host, state, health, drained: isDrained, serving };
}

/** Whether nothing is left to do: the release runs as it should, is the current one, and takes traffic. */
export function isDone({ state, serving }: FleetMember, { release, launch }: Target): boolean {
  return (
    serving &&
    state.current === release &&
    state.running?.release === release &&
    state.running.launch === launch
  );
}

/** Hosts that do not serve come first, since touching them costs no capacity; else as configured. */
export function inRollingOrder(fleet: readonly FleetMember[]): FleetMember[] {
  return [...fleet.filter(({ serving }) => !serving), ...fleet.filter(({ serving }) => serving)];
}

/** `1.1.0-3fa9c1d2e4b5`, with what keeps the host from serving it. */
export function describeMember({ state, health, drained, serving }: FleetMember): string {
  if (state.running === undefined) return state.current ? `${state.current}, not running` : "no release";
  if (serving) return state.running.release;
  return `${state.running.release}, ${drained ? "drained" : health.up ? "down in nginx" : "unhealthy"}`;
}
