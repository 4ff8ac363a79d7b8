import { messageOf, RollgateError } from "../common/errors.ts";
import { type FleetMember, stateOf } from "./fleet.ts";
import type { RollContext } from "./rollContext.ts";
import type { Rolled } from "./turns.ts";

/**
 * Removes releases that no host needs any more. Only once no host may have to go back; what each host ran before is
 * spared all the same. `fleet` is what the last look at the hosts has found.
 */
export async function prune(
  rolled: readonly Rolled[],
  fleet: readonly FleetMember[],
  { policy, assertHeldLately, warn }: RollContext,
): Promise<void> {
  await assertHeldLately();
  await Promise.all(
    fleet.map(async (member) => {
      const { host } = member;
      const before = rolled.find((done) => done.host === host)?.before;
      try {
        await host.prune(policy.keepReleases, before ? [before] : [], stateOf(member));
      } catch (error) {
        if (!(error instanceof RollgateError)) throw error;
        warn(`keeps old releases that could not be removed: ${messageOf(error)}`, host);
      }
    }),
  );
}
