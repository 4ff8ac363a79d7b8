import { isDeepStrictEqual } from "node:util";
import type { Plan } from "#kinds/orchestrator.ts";
import { refuseUnanswered } from "#rollout/analysis/refuseUnanswered.ts";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { fewAtOnce } from "#rollout/common/fewAtOnce.ts";
import { shortened } from "#rollout/common/shortened.ts";
import type { AppHost } from "#rollout/host/appHost.ts";
import { LeaseHeld } from "#rollout/lease/lease.ts";
import type { Drains } from "#rollout/nginx/reverseProxy.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { factsOf } from "#rollout/roll/factsOf.ts";
import type { FleetMember } from "#rollout/roll/fleet.ts";
import { describeForecast, foresee } from "#rollout/roll/foresee.ts";
import { isLarge } from "#rollout/roll/largeFleet.ts";
import { askingAhead } from "#rollout/roll/lookAhead.ts";
import { type Observed, observe } from "#rollout/roll/observe.ts";
import { describeTooFew, obstaclesTo } from "#rollout/roll/obstacles.ts";
import { Orders } from "#rollout/roll/order.ts";
import type { Fleet } from "#rollout/roll/roll.ts";
import { targetOf } from "#rollout/roll/targets.ts";
import { startupObstacle } from "#rollout/startupCache/startupObstacle.ts";

const ANSWER_MILLISECONDS = 10_000;
const NO_DRAINS: Drains = { everywhere: new Set(), partly: new Map() };

/**
 * What a roll would do now, and what stands in its way. Changes nothing. `before` is the previous request: hosts and
 * nginx that are not in it may be made by the same update, so they are no obstacle.
 */
export async function plan(fleet: Fleet, request: RollRequest, before?: RollRequest): Promise<Plan> {
  const orders = new Orders(request.order);
  const { members, problem, roller, unanswered } = await lookAt(fleet, request, orders);
  const known = members.filter(
    ({ host, unreachable }) => unreachable === undefined || isAsBefore(host.name, request, before),
  );
  const obstacles = [
    ...(await obstaclesTo(request, known)),
    ...(unanswered === undefined ? [] : [unanswered]),
  ];
  const isComplete = problem === undefined && members.every(({ unreachable }) => unreachable === undefined);
  const around = [
    roller,
    // The same update may start nginx, so its silence alone refuses nothing.
    isDeepStrictEqual(before?.proxies, request.proxies) ? problem : undefined,
    isComplete ? describeTooFew(members, request.minimumHealthy) : undefined,
  ].filter((line) => line !== undefined);
  const refused = obstacles.length > 0 ? [`refused as long as ${obstacles.join(", and as long as ")}`] : [];
  const told = [...around, ...refused];
  const warnings = [...around, ...obstacles.map((obstacle) => `a roll is refused as long as ${obstacle}`)];
  // Without nginx, nobody knows who serves.
  if (problem !== undefined) return { hosts: {}, forecast: told.join("; "), warnings };
  await orders.decide(members);
  const ahead = isComplete ? foresee(members, request, request, orders) : { batches: [] };
  const doubtful = members.filter((member) => orders.isDoubtful(member));
  return {
    hosts: describeOrders(members, orders),
    forecast: [...told, describeForecast(ahead), await startupObstacle(fleet.hosts, request)]
      .filter(Boolean)
      .join("; "),
    warnings: [
      ...warnings,
      ...shortened(
        doubtful.map((member) => `${member.host.name}: ${orders.describe(member)}`),
        { rest: " hosts: start-first, as set, though there may be no room" },
      ),
      ...(ahead.obstacle === undefined ? [] : [`the roll would stop: ${ahead.obstacle}`]),
    ],
  };
}

/** The hosts as they are now, what is wrong with nginx, who rolls them, and which check nobody answers. */
async function lookAt(fleet: Fleet, request: RollRequest, orders: Orders) {
  const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
  const late = `${fleet.proxy.name} did not answer within ${ANSWER_MILLISECONDS / 1000} s`;
  // Once nginx is known not to answer, it is asked no more: one that hangs would hold up hosts in turn.
  let silence: string | undefined;
  const draining = problemOr(fleet.proxy.drained(signal), () => (signal.aborted ? late : undefined)).then(
    (found) => {
      silence = found.problem;
      return found;
    },
  );
  const proxy: Observed = {
    drained: async () => (await draining).answer ?? NO_DRAINS,
    upstream: async (slot, given) =>
      silence === undefined ? fleet.proxy.upstream(slot, given) : { up: false, detail: silence },
  };
  const onRunning = askingAhead(request, orders);
  const look = (host: AppHost) =>
    observe(host, proxy, AbortSignal.timeout(ANSWER_MILLISECONDS), {
      staging: targetOf(request, host.name).release,
      onRunning,
    });
  const [members, { problem }, { answer: roller }, { problem: unanswered }] = await Promise.all([
    Promise.all(fewAtOnce(fleet.hosts, look)),
    draining,
    problemOr(rollerOf(fleet)),
    problemOr(askChecks(fleet, request, signal)),
  ]);
  return { members, problem, roller, unanswered };
}

/** Once, as a preview is not patient. */
async function askChecks({ hosts }: Fleet, request: RollRequest, signal: AbortSignal): Promise<void> {
  const [host] = hosts;
  const checks = (request.analysisChecks ?? []).map((check) => ({ ...check, consecutiveErrors: 1 }));
  if (!host) return;
  await refuseUnanswered(checks, factsOf({ host, slot: host }, targetOf(request, host.name).release), signal);
}

/** Who is rolling this fleet now, in one clause. */
async function rollerOf({ leases }: Pick<Fleet, "leases">): Promise<string | undefined> {
  const record = (await leases.newest())?.record;
  if (!record || record.released || (await leases.isGone(record))) return undefined;
  return new LeaseHeld(record).message;
}

/** How hosts would get a new JVM and why; without those that run nothing or have no choice. */
function describeOrders(members: readonly FleetMember[], orders: Orders): Readonly<Record<string, string>> {
  const isInShort = isLarge(members.length);
  const lines = members.flatMap((member) => {
    const { host, state } = member;
    if (!host.second || !state.running) return [];
    return [[host.name, orders.describe(member, isInShort) ?? "stop-first (it doesn't serve)"] as const];
  });
  return Object.fromEntries(lines);
}

/** Whether a host was at the same place before; any, if there is nothing to compare. */
function isAsBefore(name: string, request: RollRequest, before: RollRequest | undefined): boolean {
  const [is, was] = [request, before].map((each) => each?.hosts.find((host) => host.name === name));
  return before === undefined || isDeepStrictEqual(is, was);
}

/** A preview goes on without what can't be asked. */
async function problemOr<T>(
  asked: Promise<T>,
  late: () => string | undefined = () => undefined,
): Promise<{ readonly answer?: T; readonly problem?: string }> {
  try {
    return { answer: await asked };
  } catch (error) {
    const problem = error instanceof RollgateError ? messageOf(error) : late();
    if (problem === undefined) throw error;
    return { problem };
  }
}
