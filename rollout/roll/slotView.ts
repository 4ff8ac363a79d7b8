import type { RunningApp, Slot } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";
import type { Drains, ReverseProxy } from "../nginx/reverseProxy.ts";

const NOTHING_RUNS: HealthReport = { up: false, detail: "nothing is running" };

/** The current state of one slot of a host, according to the host and to the proxy. */
export interface SlotView {
  readonly slot: Slot;
  readonly running: RunningApp | undefined;
  readonly health: HealthReport;
  /** Gets no request at all. */
  readonly drained: boolean;
  /** The URLs of the nginx that send no request to it, if there are others that do. */
  readonly drainedBy?: readonly string[];
  /** Healthy, up according to the proxy, and taking traffic. */
  readonly serving: boolean;
  /** Whether it is healthy, and only some of several nginx see it down. */
  readonly isDisputed?: boolean;
}

/** Asks the application in a slot, and the proxy about it, until `signal` ends that. */
export async function viewSlot(
  slot: Slot,
  running: RunningApp | undefined | Promise<RunningApp | undefined>,
  draining: Drains | Promise<Drains>,
  proxy: Pick<ReverseProxy, "upstream">,
  signal: AbortSignal,
): Promise<SlotView> {
  const [app, out, health, upstream] = await Promise.all([
    running,
    draining,
    slot.probe(signal),
    proxy.upstream(slot, signal),
  ]);
  const drains = drainsOf(slot, out);
  const takesAll = !drains.drained && drains.drainedBy === undefined;
  const serving = app !== undefined && health.up && upstream.up && takesAll;
  const isDisputed = health.up && upstream.isDisputed === true;
  return { slot, running: app, health, ...drains, serving, ...(isDisputed && { isDisputed }) };
}

/** A slot in which nothing runs; its address may belong to nobody, and asking there could take seconds. */
export function emptySlot(slot: Slot, drains: Drains): SlotView {
  return { slot, running: undefined, health: NOTHING_RUNS, ...drainsOf(slot, drains), serving: false };
}

function drainsOf({ name }: Slot, { everywhere, partly }: Drains): Pick<SlotView, "drained" | "drainedBy"> {
  const drainedBy = partly.get(name);
  return { drained: everywhere.has(name), ...(drainedBy && { drainedBy }) };
}

/** The slot that serves comes first, or else the one that comes closest. */
export function bestFirst(first: SlotView, second: SlotView): [SlotView, SlotView] {
  return rank(second) > rank(first) ? [second, first] : [first, second];
}

function rank({ serving, running, drained }: SlotView): number {
  return (serving ? 4 : 0) + (running ? 2 : 0) + (drained ? 0 : 1);
}
