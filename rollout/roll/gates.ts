import { setTimeout as sleep } from "node:timers/promises";
import { GateFailed, messageOf, RollgateError } from "../common/errors.ts";
import { poll } from "../common/poll.ts";
import type { AppHost, RunningApp } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";
import { answersAt, endpoint } from "../machine/connections.ts";
import type { UpstreamState } from "../nginx/reverseProxy.ts";
import { evidence } from "./evidence.ts";
import type { RollContext } from "./rollContext.ts";
import { telling } from "./telling.ts";

const UPSTREAM_POLL_MILLISECONDS = 100;
const SETTLE_POLL_MILLISECONDS = 25;

/** Opens when the host answers 200 and UP several times in a row, from the process that was started. */
export async function awaitHealthy(
  host: AppHost,
  release: string,
  context: RollContext,
  signal: AbortSignal,
) {
  const { passes, intervalMilliseconds, deadlineSeconds } = context.policy.health;
  let inARow = 0;
  let last: HealthReport = { up: false, detail: "not asked yet" };
  const ask = async () => {
    last = await probeRunning(host, release, context, signal);
    inARow = last.up ? inARow + 1 : 0;
    return inARow >= passes || undefined;
  };
  const askUntilHealthy = async () => {
    const deadlineMilliseconds = deadlineSeconds * 1000;
    let healthy = await poll(ask, { intervalMilliseconds, deadlineMilliseconds, signal });
    // What came up just in time may complete its row: it is slow, not broken.
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
  const owner = await host.portOwner();
  if (owner.kind === "application" && owner.release === release) return;
  const other =
    owner.kind === "application" ? owner.release : owner.kind === "other" ? owner.name : owner.kind;
  const port = (owner.kind === "other" && owner.port) || host.port;
  throw new GateFailed("port-stolen", `port ${port} is answered by ${other}, not by the release`);
}

/** Where the application listens when it is not where it was told to, for a message. */
async function elsewhere(host: AppHost): Promise<string> {
  const { address, port } = host;
  const places = await host.listening().catch(() => []);
  if (places.length === 0 || places.some((place) => answersAt(place, address, port))) return "";
  const told = endpoint(address, port);
  return `; it listens at ${places.join(", ")}, not at ${told}: does it ignore --server.port?`;
}

/** Opens when the proxy itself sees the host up. */
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

/** Waits until the proxy holds no connection to the host; tells how many were left at the deadline. */
export async function awaitSettled(
  host: AppHost,
  context: RollContext,
  signal: AbortSignal,
): Promise<number> {
  let left = 0;
  let emptyInARow = 0;
  await poll(
    async () => {
      left = await context.proxy.connections(host);
      // Twice, since a request that chose this host just before the drain may not have connected yet.
      emptyInARow = left === 0 ? emptyInARow + 1 : 0;
      return emptyInARow >= 2 || undefined;
    },
    {
      intervalMilliseconds: SETTLE_POLL_MILLISECONDS,
      deadlineMilliseconds: context.policy.timing.settleSeconds * 1000,
      signal,
    },
  );
  return left;
}

/** Watches a host that takes traffic for some time; fails once it is not healthy, ends early on a request to stop. */
export async function soak(host: AppHost, release: string, context: RollContext, signal: AbortSignal) {
  const { health, timing } = context.policy;
  const until = performance.now() + timing.soakSeconds * 1000;
  let failures = 0;
  while (performance.now() < until && !signal.aborted) {
    await sleep(Math.max(0, Math.min(health.intervalMilliseconds, until - performance.now())));
    const { up, detail } = await probeRunning(host, release, context, new AbortController().signal);
    failures = up ? 0 : failures + 1;
    // One failed answer may be a hiccup under load; as many in a row as the gate asks for passes are not.
    if (failures >= health.passes) {
      throw new GateFailed(
        "unhealthy",
        `${detail} after it was admitted`,
        await evidence(host, context.redact),
      );
    }
  }
}

/** A host that cannot be asked for a moment is an answer that is missing, not a release that has failed. */
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
