import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RollgateError } from "../common/errors.ts";
import { fewAtOnce } from "../common/fewAtOnce.ts";
import { limited } from "../common/limited.ts";
import { shortened } from "../common/shortened.ts";
import type { AppHost, HostState, Revision, RunningApp, Slot } from "../host/appHost.ts";
import type { Drains, ReverseProxy } from "../nginx/reverseProxy.ts";
import type { HealthPolicy } from "../request/rollRequest.ts";
import { bestFirst, emptySlot, type SlotView, viewSlot } from "./slotView.ts";

/** A hanging host must not hold up the questions to others. */
const ANSWER_MILLISECONDS = 10_000;
/** How long several nginx may take to agree on a host: the checks of one that was started are more than a second apart. */
const AGREE_MILLISECONDS = 5_000;
const OUT_OF_REACH: HostState = { releases: [] };

/** The part of a proxy that says what it does with hosts. */
export type Observed = Pick<ReverseProxy, "drained" | "upstream">;

/** The part of a roll's context that is needed to observe its hosts. */
export interface Observing {
  readonly hosts: readonly AppHost[];
  readonly proxy: ReverseProxy;
  readonly policy: { readonly health: HealthPolicy };
  readonly signal: AbortSignal;
}

/** The current state of one host: that of the slot which serves, or would. */
export interface FleetMember extends Omit<SlotView, "running"> {
  readonly host: AppHost;
  /** Why the host cannot be reached, if so; what it runs is then unknown. */
  readonly unreachable?: string | undefined;
  /** `running` is what the serving slot runs. */
  readonly state: HostState;
  /** The other slot, if the host has one and can be reached. */
  readonly spare?: SlotView;
}

/** Hears what a host runs before its health is known, so that more can be asked meanwhile. */
export type OnState = (host: AppHost, state: HostState) => void;

/** What to ask a host at the same time. */
interface Asked {
  /** The room for a release that it may have to take. */
  readonly staging?: string;
  /** The health of the slot that it is likely to serve from. */
  readonly likely?: Slot | undefined;
  readonly onState?: OnState | undefined;
}

/** Asks a host and the proxy about it. A host that does not answer is a finding; a proxy that does not is an error. */
export async function observe(
  host: AppHost,
  proxy: Observed,
  signal: AbortSignal,
  what: Asked = {},
): Promise<FleetMember> {
  return limited(ANSWER_MILLISECONDS, signal, (asked) => look(host, proxy, { signal, asked }, what));
}

async function look(
  host: AppHost,
  proxy: Observed,
  { signal, asked }: { readonly signal: AbortSignal; readonly asked: AbortSignal },
  { staging, likely, onState }: Asked,
): Promise<FleetMember> {
  const { second } = host;
  const asking = askHost(host, staging).then((answer) => {
    if (answer.unreachable === undefined) onState?.(host, answer.state);
    return answer;
  });
  const draining = proxy.drained(signal);
  if (!second) {
    const runs = asking.then(({ state }) => state.running);
    const [answer, { running: _, ...only }] = await Promise.all([
      asking,
      viewSlot(host, runs, draining, proxy, asked),
    ]);
    return { host, ...answer, ...only };
  }
  const appIn = (slot: Slot, { running, second: beside }: HostState) => (slot === host ? running : beside);
  const ahead =
    likely &&
    viewSlot(
      likely,
      asking.then(({ state }) => appIn(likely, state)),
      draining,
      proxy,
      asked,
    );
  ahead?.catch(() => {});
  const [{ state, unreachable }, drains] = await Promise.all([asking, draining]);
  const view = async (slot: Slot) => {
    const app = appIn(slot, state);
    if (!app) return emptySlot(slot, drains);
    return (slot === likely && ahead) || viewSlot(slot, app, drains, proxy, asked);
  };
  const views = await Promise.all([view(host), view(second)]);
  const [{ running, ...main }, spare] = bestFirst(...views);
  const { running: _, second: __, ...files } = state;
  const found = { host, ...main, state: { ...files, ...(running && { running }) } };
  return unreachable === undefined ? { ...found, spare } : { ...found, unreachable };
}

async function askHost(host: AppHost, staging?: string): Promise<Pick<FleetMember, "state" | "unreachable">> {
  try {
    return { state: await host.observe(staging) };
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    const unreachable = error.code === "hangs" ? "it does not answer" : messageOf(error);
    return { state: OUT_OF_REACH, unreachable };
  }
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
  onState?: OnState,
): Promise<FleetMember[]> {
  const { proxy } = context;
  let drains: Promise<Drains> | undefined;
  const drained = () => {
    drains ??= proxy.drained(context.signal);
    return drains;
  };
  const observed: Observed = { drained, upstream: (slot, signal) => proxy.upstream(slot, signal) };
  const look = (host: AppHost) => observeSteadily(host, context, observed, { likely: likely(host), onState });
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

/** Whether nothing is left to do: the release is running as intended, is the current one, and alone takes traffic. */
export function isDone(member: FleetMember, revision: Revision): boolean {
  const { state, serving } = member;
  return (
    serving && isTidy(member) && state.current === revision.release && isSameRevision(state.running, revision)
  );
}

/** What a host reported about itself; `undefined` if it can't be reached. */
export function stateOf({ host, slot, state, spare, unreachable }: FleetMember): HostState | undefined {
  if (unreachable !== undefined) return undefined;
  const { running, ...files } = state;
  const [first, second] = slot === host ? [running, spare?.running] : [spare?.running, running];
  return { ...files, ...(first && { running: first }), ...(second && { second }) };
}

/** Whether nothing runs in the other slot, and no request can go there. */
export function isTidy({ spare }: FleetMember): boolean {
  return !spare || (spare.running === undefined && spare.drained);
}

/** The release that a host runs, or should; empty if it has none. */
export function releaseBefore({ state }: FleetMember): string {
  return state.running?.release ?? state.current ?? "";
}

/** Whether what runs, or is to run, is this revision. */
export function isSameRevision(a: Revision | RunningApp | undefined, b: Revision): boolean {
  return a?.release === b.release && a.launch === b.launch;
}

/** `1.1.0-3fa9c1d2e4b5`, and what keeps the host from serving it. */
export function describeMember(member: FleetMember): string {
  const { host, state, unreachable } = member;
  if (unreachable !== undefined) return "unreachable";
  if (state.running === undefined) return state.current ? `${state.current}, not running` : "no release";
  const remarks = [
    describeTraffic(member),
    state.running.launch === host.launch ? "" : "started with other options",
    describeSpare(member),
  ];
  return [state.running.release, ...remarks.filter(Boolean)].join(", ");
}

function describeTraffic({ health, drained, drainedBy, serving }: FleetMember): string {
  if (drained) return "drained";
  if (serving) return "";
  if (!health.up) return "unhealthy";
  return drainedBy ? `drained by ${nginxAt(drainedBy)} alone` : "down in nginx";
}

function describeSpare({ spare }: FleetMember): string {
  if (spare?.running) return `${spare.running.release} still runs beside it`;
  if (!spare || spare.drained) return "";
  const by = spare.drainedBy ? `, which ${nginxAt(spare.drainedBy)} alone drains` : "";
  return `requests may go to its empty slot ${spare.slot.name}${by}`;
}

function nginxAt(urls: readonly string[]): string {
  return `nginx at ${urls.join(" and ")}`;
}

/** Why a host does not serve, in a few words. */
export function describeTrouble(member: FleetMember): string {
  const { unreachable, health } = member;
  return `${describeMember(member)}: ${unreachable ?? health.detail}`;
}

/** `app-1, app-2, and app-3`; of many hosts, the first few and how many more there are. */
export function listHosts(names: readonly string[]): string {
  return new Intl.ListFormat("en").format(shortened(names));
}
