import { messageOf, RollgateError } from "../common/errors.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { requireEnoughPeers } from "./enoughPeers.ts";
import { observeSteadily } from "./fleet.ts";
import { HostRoll } from "./hostRoll.ts";
import type { RollContext } from "./rollContext.ts";

/** A host that this roll has replaced, and what it ran before. */
export interface Replaced {
  readonly host: AppHost;
  readonly before: Revision;
}

/**
 * Returns hosts to what they ran, the last one first, under the same gates and the same minimum healthy as the
 * roll itself, from the releases kept on the hosts. Stops at the first that fails; tells in one sentence.
 */
export async function rollBack(replaced: readonly Replaced[], context: RollContext): Promise<string> {
  const returned: string[] = [];
  for (const { host, before } of replaced.toReversed()) {
    try {
      context.report("rollback", `to ${before.release}`, host);
      const member = await observeSteadily(host, context);
      await requireEnoughPeers(member, context);
      await new HostRoll(member, before, context).run();
      returned.push(`${host.name} went back to ${before.release}`);
    } catch (error) {
      if (!(error instanceof RollgateError)) throw error;
      return [...returned, `rolling back stopped: ${messageOf(error)}`].join("; ");
    }
  }
  return returned.join("; ");
}
