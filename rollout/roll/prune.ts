import { messageOf, RollgateError } from "../common/errors.ts";
import type { RollContext } from "./rollContext.ts";
import type { Rolled } from "./rollHosts.ts";

/** Removes releases that no host needs any more. Only once no host may have to go back; what each host ran before is spared all the same. */
export async function prune(
  rolled: readonly Rolled[],
  { hosts, policy, assertHeld, warn }: RollContext,
): Promise<void> {
  await assertHeld();
  await Promise.all(
    hosts.map(async (host) => {
      const before = rolled.find((done) => done.host === host)?.before;
      try {
        await host.prune(policy.keepReleases, before ? [before] : []);
      } catch (error) {
        if (!(error instanceof RollgateError)) throw error;
        warn(`keeps old releases that could not be removed: ${messageOf(error)}`, host);
      }
    }),
  );
}
