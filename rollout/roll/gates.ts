import { setTimeout as sleep } from "node:timers/promises";
import { askAhead } from "../common/askAhead.ts";
import { GateFailed } from "../common/errors.ts";
import { poll } from "../common/poll.ts";
import type { AppHost, PortOwner, Slot } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";
import { answersAt, endpoint } from "../machine/connections.ts";
import type { UpstreamState } from "../nginx/reverseProxy.ts";
import { askRunning, ENDED } from "./askRunning.ts";
import { evidence } from "./evidence.ts";
import type { RollContext } from "./rollContext.ts";
import { telling } from "./telling.ts";

/** An answer that takes longer comes from something that listens, unless the host is far away. */
const SLOW_ANSWER_MILLISECONDS = 20;
/** The same as a multiple of what it takes to hear that nothing listens. */
const SLOWER_THAN_REFUSED = 1.25;
const UPSTREAM_POLL_MILLISECONDS = 100;
const SETTLE_POLL_MILLISECONDS = 25;
/** How long a request that was routed to a host before its drain may take to connect. */
const CONNECT_MILLISECONDS = 50;

/** A slot of a host, which gates watch; reports name the host. */
export interface Place {
  readonly host: AppHost;
  readonly slot: Slot;
}

/**
 * Opens when the started process answers 200 and UP several times in a row. `onUp` begins what may be asked while the
 * other answers are waited for; it is called anew if what it was called for wasn't UP.
 */
export async function awaitHealthy(
  { host, slot }: Place,
  release: string,
  context: RollContext,
  signal: AbortSignal,
  onUp = () => {},
) {
  const { passes, intervalMilliseconds, deadlineSeconds } = context.policy.health;
  let inARow = 0;
  let last: HealthReport = { up: false, detail: "not asked yet" };
  let asked: Promise<PortOwner> | undefined;
  const isApplication = (owner: PortOwner) => owner.kind === "application" && owner.release === release;
  const askForOwner = () => {
    asked = slot.portOwner();
    asked.catch(() => {});
  };
  let isFirst = true;
  let isAhead = false;
  let refusedMilliseconds = 0;
  const onListening = () => {
    if (!asked) askForOwner();
    // Not while it answers DOWN. nginx logs each connection that is refused.
    if (isAhead || !(isFirst || last.isRefused)) return;
    isAhead = true;
    onUp();
  };
  const ask = async () => {
    const began = performance.now();
    const milliseconds = SLOW_ANSWER_MILLISECONDS + refusedMilliseconds * SLOWER_THAN_REFUSED;
    const report = await askRunning(slot, release, signal, { milliseconds, call: onListening });
    if (report !== "exited" && report.isRefused)
      refusedMilliseconds = Math.max(refusedMilliseconds, performance.now() - began);
    return report;
  };
  const judge = async (report: Awaited<ReturnType<typeof ask>>) => {
    if (report === "exited") throw await exited(slot, context);
    last = report;
    inARow = last.up ? inARow + 1 : 0;
    isFirst = false;
    if (!last.up) isAhead = false;
    else if (inARow === 1 && !isAhead) onUp();
    // While the other passes are waited for. Nobody can take the port from a process that listens on it.
    if (!last.up) asked = undefined;
    else if (!asked) askForOwner();
    return inARow >= passes || undefined;
  };
  const askUntilHealthy = async () => {
    const deadlineMilliseconds = deadlineSeconds * 1000;
    // Nothing has answered yet that could be asked too often.
    const sooner = (ending: AbortSignal) => (last.isRefused ? slot.untilListening?.(ending) : undefined);
    let healthy = await askAhead(ask, judge, { intervalMilliseconds, deadlineMilliseconds, signal, sooner });
    // If it comes up just in time, let it complete its passes: it is slow, not broken.
    while (!healthy && last.up && !signal.aborted) {
      await sleep(intervalMilliseconds, undefined, { signal });
      healthy = await judge(await ask());
    }
    return healthy;
  };
  const passed = () => (last.up ? `, ${inARow} of ${passes} passes` : "");
  const tell = () => context.report("health", `waiting: ${last.detail}${passed()}`, host);
  if (!(await telling(tell, askUntilHealthy))) {
    throw new GateFailed(
      "unhealthy",
      `${last.detail} for ${deadlineSeconds} s (${passes} passes in a row needed)${await elsewhere(slot)}`,
      await evidence(slot, context.redact),
    );
  }
  const first = await asked?.catch(() => undefined);
  if (first && isApplication(first)) return;
  // That may have been too early.
  const owner = await slot.portOwner();
  if (isApplication(owner)) return;
  const other =
    owner.kind === "application" ? owner.release : owner.kind === "other" ? owner.name : owner.kind;
  const port = (owner.kind === "other" && owner.port) || slot.port;
  throw new GateFailed("port-stolen", `port ${port} is answered by ${other}, not by the release`);
}

/**
 * The same, while the proxy is asked for its view, which is returned. A DOWN that the proxy got from the application itself
 * came between two passes and breaks their row, so they begin anew.
 */
export async function awaitHealthyThrough(
  place: Place,
  release: string,
  context: RollContext,
  signal: AbortSignal,
): Promise<UpstreamState | undefined> {
  let asked: Promise<UpstreamState> | undefined;
  await awaitHealthy(place, release, context, signal, () => {
    asked = context.proxy.upstream(place.slot, signal);
    asked.catch(() => {});
  });
  const seen = await asked?.catch(() => undefined);
  if (!seen?.isItsAnswer) return seen;
  await awaitHealthy(place, release, context, signal);
  return undefined;
}

/** For a message: where the application listens, if not where it was told to. */
async function elsewhere(slot: Slot): Promise<string> {
  const { address, port } = slot;
  const places = await slot.listening().catch(() => []);
  if (places.length === 0 || places.some((place) => answersAt(place, address, port))) return "";
  const told = endpoint(address, port);
  return `; it listens at ${places.join(", ")}, not at ${told}: does it ignore --server.port?`;
}

/** Opens when the proxy itself considers the host up; `first` is its first answer, if it has been asked already. */
export async function awaitUpstream(
  { host, slot }: Place,
  context: RollContext,
  signal: AbortSignal,
  first?: UpstreamState,
) {
  const { deadlineSeconds } = context.policy.health;
  let last: UpstreamState = { up: false, detail: "not asked yet" };
  let known = first;
  const ask = async () => {
    last = known ?? (await context.proxy.upstream(slot, signal));
    known = undefined;
    return last.up || undefined;
  };
  const tell = () => context.report("upstream", `waiting: nginx says ${last.detail}`, host);
  const intervalMilliseconds = UPSTREAM_POLL_MILLISECONDS;
  const deadlineMilliseconds = deadlineSeconds * 1000;
  const up = await telling(tell, () => poll(ask, { intervalMilliseconds, deadlineMilliseconds, signal }));
  if (!up) throw new GateFailed("down-in-proxy", `nginx says ${last.detail} for ${deadlineSeconds} s`);
  return last;
}

/** Waits until the proxy has no connection to the host; returns how many are left at the deadline. */
export async function awaitSettled(slot: Slot, context: RollContext, signal: AbortSignal): Promise<number> {
  let left = 0;
  await sleep(CONNECT_MILLISECONDS, undefined, { signal });
  await poll(
    async () => {
      left = await context.proxy.connections(slot);
      return left === 0 || undefined;
    },
    {
      intervalMilliseconds: SETTLE_POLL_MILLISECONDS,
      deadlineMilliseconds: context.policy.timing.settleSeconds * 1000,
      signal,
    },
  );
  return left;
}

async function exited(slot: Slot, { redact }: Pick<RollContext, "redact">): Promise<GateFailed> {
  return new GateFailed("exited", ENDED, await evidence(slot, redact));
}
