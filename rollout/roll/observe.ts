import { messageOf, RollgateError } from "../common/errors.ts";
import { limited } from "../common/limited.ts";
import type { AppHost, HostState, Slot } from "../host/appHost.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import type { FleetMember } from "./fleet.ts";
import { bestFirst, emptySlot, viewSlot } from "./slotView.ts";

/** A hanging host must not hold up the questions to others. */
const ANSWER_MILLISECONDS = 10_000;
const OUT_OF_REACH: HostState = { releases: [] };

/** The part of a proxy that says what it does with hosts. */
export type Observed = Pick<ReverseProxy, "drained" | "upstream">;

/**
 * Hears in which of its slots alone a host runs which release, before its health is known, so that more can be asked
 * meanwhile. The first time, that may be a guess.
 */
export type OnRunning = (host: AppHost, slot: Slot, release: string) => void;

/** What to ask a host at the same time. */
export interface Asked {
  /** The room for a release that it may have to take. */
  readonly staging?: string;
  /** The health of the slot that it is likely to serve from. */
  readonly likely?: Slot | undefined;
  readonly onRunning?: OnRunning | undefined;
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
  { staging, likely, onRunning }: Asked,
): Promise<FleetMember> {
  const { second } = host;
  const seen = likely ? undefined : await host.lastSeen?.();
  const guess = likely ?? (seen && (seen.slot === "first" ? host : second));
  const asking = askHost(host, staging).then((answer) => {
    const { running, second: beside } = answer.state;
    if (running && !beside) onRunning?.(host, host, running.release);
    if (beside && !running && second) onRunning?.(host, second, beside.release);
    return answer;
  });
  if (seen && guess) onRunning?.(host, guess, seen.release);
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
    guess &&
    viewSlot(
      guess,
      asking.then(({ state }) => appIn(guess, state)),
      draining,
      proxy,
      asked,
    );
  // If nothing runs there, nobody waits for it, and it ends with this look.
  ahead?.catch(() => {});
  const [{ state, unreachable }, drains] = await Promise.all([asking, draining]);
  const view = async (slot: Slot) => {
    const app = appIn(slot, state);
    if (!app) return emptySlot(slot, drains);
    return (slot === guess && ahead) || viewSlot(slot, app, drains, proxy, asked);
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
