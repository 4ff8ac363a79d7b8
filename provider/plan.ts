import type { Plan } from "#kinds/orchestrator.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import type { AppHost } from "#rollout/host/appHost.ts";
import { LeaseHeld } from "#rollout/lease/lease.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { type FleetMember, observe } from "#rollout/roll/fleet.ts";
import { describeForecast, foresee } from "#rollout/roll/foresee.ts";
import { decideOrder, describeOrder, type OrderDecision } from "#rollout/roll/order.ts";
import type { Fleet } from "#rollout/roll/roll.ts";

const ANSWER_MILLISECONDS = 10_000;

/** What a roll would do now. Changes nothing, and leaves out what can't be asked. */
export async function plan(fleet: Fleet, request: RollRequest): Promise<Plan> {
  const [members, roller] = await Promise.all([
    Promise.all(fleet.hosts.map((host) => orUndefined(observe(host, fleet.proxy, answerInTime())))),
    orUndefined(rollerOf(fleet)),
  ]);
  const known = members.filter((member) => member !== undefined);
  const decisions = new Map(
    await Promise.all(
      known.map(async (member) => [member.host, await decideOrder(member, request.order)] as const),
    ),
  );
  const startsFirst = ({ host, serving, spare }: FleetMember) =>
    serving && spare !== undefined && decisions.get(host)?.startsFirst === true;
  const rolling = roller === undefined ? [] : [roller];
  const isComplete = known.length === fleet.hosts.length;
  const ahead = isComplete ? [describeForecast(foresee(known, request, request, { startsFirst }))] : [];
  return { hosts: describeOrders(known, decisions), forecast: [...rolling, ...ahead].join("; ") };
}

/** Who is rolling this fleet now, in one clause. */
async function rollerOf({ leases }: Pick<Fleet, "leases">): Promise<string | undefined> {
  const record = (await leases.newest())?.record;
  if (!record || record.released || (await leases.isGone(record))) return undefined;
  return new LeaseHeld(record).message;
}

/** How hosts would get a new JVM and why; without those that run nothing or have no choice. */
function describeOrders(
  members: readonly FleetMember[],
  decisions: ReadonlyMap<AppHost, OrderDecision>,
): Readonly<Record<string, string>> {
  const lines = members.map(({ host, state }) => {
    const decision = decisions.get(host);
    return host.second && state.running && decision ? [[host.name, describeOrder(decision)] as const] : [];
  });
  return Object.fromEntries(lines.flat());
}

/** A preview goes on without what can't be asked yet, such as an nginx that the same update makes. */
async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RollgateError) return undefined;
    throw error;
  }
}

function answerInTime(): AbortSignal {
  return AbortSignal.timeout(ANSWER_MILLISECONDS);
}
