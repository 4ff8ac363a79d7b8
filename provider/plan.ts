import { RollgateError } from "#rollout/common/errors.ts";
import type { Order } from "#rollout/request/rollRequest.ts";
import { observe } from "#rollout/roll/fleet.ts";
import { decideOrder, describeOrder } from "#rollout/roll/order.ts";
import type { Fleet } from "#rollout/roll/roll.ts";

const ANSWER_MILLISECONDS = 10_000;

/**
 * How hosts would get a new JVM and why, by name; without those that run nothing, have no choice, or can't be asked.
 */
export async function plan(
  { hosts, proxy }: Pick<Fleet, "hosts" | "proxy">,
  names: readonly string[],
  order: Order,
): Promise<Record<string, string>> {
  const asked = hosts.filter(({ name, second }) => names.includes(name) && second !== undefined);
  const plans = await Promise.all(
    asked.map(async (host) => {
      try {
        const member = await observe(host, proxy, AbortSignal.timeout(ANSWER_MILLISECONDS));
        if (!member.state.running) return [];
        return [[host.name, describeOrder(await decideOrder(member, order))] as const];
      } catch (error) {
        if (error instanceof RollgateError) return [];
        throw error;
      }
    }),
  );
  return Object.fromEntries(plans.flat());
}
