import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RollgateError } from "../common/errors.ts";
import type { AppHost, HostState, Revision } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import type { RollContext } from "./rollContext.ts";

/** A hanging host must not hold up the questions to others. */
const ANSWER_MILLISECONDS = 10_000;
const OUT_OF_REACH: HostState = { releases: [] };

/** The current state of one host, according to itself and to the proxy. */
export interface FleetMember {
  readonly host: AppHost;
  /** Why the host cannot be reached, if so; what it runs is then unknown. */
  readonly unreachable?: string | undefined;
  readonly state: HostState;
  readonly health: HealthReport;
  readonly drained: boolean;
  /** Healthy, up according to the proxy, and taking traffic. */
  readonly serving: boolean;
}

/** Asks a host and the proxy about it. A host that does not answer is a finding; a proxy that does not is an error. */
export async function observe(host: AppHost, proxy: ReverseProxy, signal: AbortSignal): Promise<FleetMember> {
  const timely = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MILLISECONDS)]);
  const [answer, health, upstream, drained] = await Promise.all([
    askHost(host),
    host.probe(timely),
    proxy.upstream(host, timely),
    proxy.drained(signal),
  ]);
  const isDrained = drained.has(host.name);
  const serving = answer.state.running !== undefined && health.up && upstream.up && !isDrained;
  return { host, ...answer, health, drained: isDrained, serving };
}

async function askHost(host: AppHost): Promise<Pick<FleetMember, "state" | "unreachable">> {
  try {
    return { state: await host.observe() };
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    const unreachable = error.code === "hangs" ? "it does not answer" : messageOf(error);
    return { state: OUT_OF_REACH, unreachable };
  }
}

/** Observes all hosts at the same time. */
export async function observeFleet(context: RollContext): Promise<FleetMember[]> {
  return Promise.all(context.hosts.map((host) => observeSteadily(host, context)));
}

/**
 * Asks again before reporting that a running, admitted host does not serve: one slow answer under load must not get it
 * restarted, or make it look like a host that costs nothing to take out.
 */
export async function observeSteadily(host: AppHost, context: RollContext): Promise<FleetMember> {
  const { passes, intervalMilliseconds } = context.policy.health;
  for (let asked = 1; ; asked++) {
    const member = await observe(host, context.proxy, context.signal);
    if (member.serving || member.drained || !member.state.running || asked >= passes + 1) return member;
    await sleep(intervalMilliseconds, undefined, { signal: context.signal });
  }
}

/** Whether nothing is left to do: the release is running as intended, is the current one, and takes traffic. */
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

/** `1.1.0-3fa9c1d2e4b5`, and what keeps the host from serving it. */
export function describeMember(member: FleetMember): string {
  const { host, state, health, drained, serving, unreachable } = member;
  if (unreachable !== undefined) return "unreachable";
  if (state.running === undefined) return state.current ? `${state.current}, not running` : "no release";
  const remarks = [
    drained ? "drained" : serving ? "" : health.up ? "down in nginx" : "unhealthy",
    state.running.launch === host.launch ? "" : "started with other options",
  ];
  return [state.running.release, ...remarks.filter(Boolean)].join(", ");
}

/** Why a host does not serve, in a few words. */
export function describeTrouble(member: FleetMember): string {
  const { unreachable, health } = member;
  return `${describeMember(member)}: ${unreachable ?? health.detail}`;
}

/** `app-1, app-2, and app-3`. */
export function listHosts(names: readonly string[]): string {
  return new Intl.ListFormat("en").format(names);
}
