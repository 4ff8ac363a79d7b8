import { setTimeout as sleep } from "node:timers/promises";
import { GateFailed, messageOf, RollgateError } from "../common/errors.ts";
import { poll } from "../common/poll.ts";
import type { AppHost, PortOwner, RunningApp } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";
import { answersAt, endpoint } from "../machine/connections.ts";
import type { UpstreamState } from "../nginx/reverseProxy.ts";
import { evidence } from "./evidence.ts";
import type { RollContext } from "./rollContext.ts";
import { telling } from "./telling.ts";

const UPSTREAM_POLL_MILLISECONDS = 100;
const SETTLE_POLL_MILLISECONDS = 25;
/** How long a request that was routed to a host before its drain may take to connect. */
const CONNECT_MILLISECONDS = 50;

/** Opens when the started process answers 200 and UP several times in a row. */
export async function awaitHealthy(
  host: AppHost,
  release: string,
  context: RollContext,
  signal: AbortSignal,
) {
  const { passes, intervalMilliseconds, deadlineSeconds } = context.policy.health;
  let inARow = 0;
  let last: HealthReport = { up: false, detail: "not asked yet" };
  let asked: Promise<PortOwner> | undefined;
  const ask = async () => {
    last = await probeRunning(host, release, context, signal);
    inARow = last.up ? inARow + 1 : 0;
    // While the other passes are waited for. Nobody can take the port from a process that listens on it.
    asked = last.up ? (asked ?? host.portOwner()) : undefined;
    asked?.catch(() => {});
    return inARow >= passes || undefined;
  };
  const askUntilHealthy = async () => {
    const deadlineMilliseconds = deadlineSeconds * 1000;
    let healthy = await poll(ask, { intervalMilliseconds, deadlineMilliseconds, signal });
    // If it comes up just in time, let it complete its passes: it is slow, not broken.
    while (!healthy && last.up && !signal.aborted) {
      await sleep(intervalMilliseconds, undefined, { signal });
      healthy = await ask();
    }
    return healthy;
  };
  const passed = () => (last.up ? `, ${inARow} of ${passes} passes` : "");
  const tell = () => context.report("health", `waiting: ${last.detail}${passed()}`, host);
  if (!(await telling(tell, askUntilHealthy))) {
    throw new GateFailed(
      "unhealthy",
      `${last.detail} for ${deadlineSeconds} s (${passes} passes in a row needed)${await elsewhere(host)}`,
      await evidence(host, context.redact),
    );
  }
  const owner = await (asked ?? host.portOwner());
  if (owner.kind === "application" && owner.release === release) return;
  const other =
    owner.kind === "application" ? owner.release : owner.kind === "other" ? owner.name : owner.kind;
  const port = (owner.kind === "other" && owner.port) || host.port;
  throw new GateFailed("port-stolen", `port ${port} is answered by ${other}, not by the release`);
}

/** For a message: where the application listens, if not where it was told to. */
async function elsewhere(host: AppHost): Promise<string> {
  const { address, port } = host;
  const places = await host.listening().catch(() => []);
  if (places.length === 0 || places.some((place) => answersAt(place, address, port))) return "";
  const told = endpoint(address, port);
  return `; it listens at ${places.join(", ")}, not at ${told}: does it ignore --server.port?`;
}

/** Opens when the proxy itself considers the host up. */
export async function awaitUpstream(host: AppHost, context: RollContext, signal: AbortSignal) {
  const { deadlineSeconds } = context.policy.health;
  let last: UpstreamState = { up: false, detail: "not asked yet" };
  const ask = async () => {
    last = await context.proxy.upstream(host, signal);
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
export async function awaitSettled(
  host: AppHost,
  context: RollContext,
  signal: AbortSignal,
): Promise<number> {
  let left = 0;
  await sleep(CONNECT_MILLISECONDS, undefined, { signal });
  await poll(
    async () => {
      left = await context.proxy.connections(host);
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

/** Watches a host under traffic for some time; fails if it becomes unhealthy, and ends early when asked to stop. */
export async function soak(host: AppHost, release: string, context: RollContext, signal: AbortSignal) {
  const { health, timing } = context.policy;
  const until = performance.now() + timing.soakSeconds * 1000;
  let failures = 0;
  while (performance.now() < until && !signal.aborted) {
    await sleep(Math.max(0, Math.min(health.intervalMilliseconds, until - performance.now())));
    const { up, detail } = await probeRunning(host, release, context, new AbortController().signal);
    failures = up ? 0 : failures + 1;
    // One failure may be a hiccup under load; as many in a row as the gate requires passes are not.
    if (failures >= health.passes) {
      throw new GateFailed(
        "unhealthy",
        `${detail} after it was admitted`,
        await evidence(host, context.redact),
      );
    }
  }
}

/** If a host cannot be reached for a moment, an answer is missing; the release has not failed. */
async function probeRunning(
  host: AppHost,
  release: string,
  context: RollContext,
  signal: AbortSignal,
): Promise<HealthReport> {
  let running: RunningApp | undefined;
  try {
    running = await host.runningApp();
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return { up: false, detail: messageOf(error) };
  }
  if (running?.release === release) return host.probe(signal);
  throw new GateFailed("exited", "the process ended by itself", await evidence(host, context.redact));
}
