import { inOrder } from "../common/inOrder.ts";
import { Lease, type LeaseStore, type LeaseTiming } from "../lease/lease.ts";
import { LookAhead } from "./lookAhead.ts";
import { preflight, untouched } from "./preflight.ts";
import type { RollContext } from "./rollContext.ts";
import { StagedAhead } from "./stagedAhead.ts";
import type { DesiredRelease } from "./targets.ts";

/** Who wants to roll a fleet. */
interface Claimant {
  readonly owner: string;
  readonly leaseTiming: LeaseTiming;
  /** Ends the preflight and the wait for the lease. */
  readonly signal: AbortSignal;
}

/** A fleet that nobody else may change. */
interface Claimed {
  readonly lease: Lease;
  /** A look that has begun meanwhile. */
  readonly looking?: LookAhead;
  /** The same, unless somebody else may have changed the hosts since. */
  readonly ahead?: LookAhead;
  /** Where the release is already, with the same exception. */
  readonly staged?: StagedAhead;
}

/** Takes the lease of a fleet that can take part in a roll; throws `RollFailed` if it can't, or if the lease is held. */
export async function claimFleet(
  leases: LeaseStore,
  desired: DesiredRelease,
  context: Pick<RollContext, "hosts" | "proxy" | "policy" | "orders" | "report" | "signal">,
  { owner, leaseTiming, signal }: Claimant,
): Promise<Claimed> {
  const { proxy, report } = context;
  const asked = leases.newest();
  asked.catch(() => {});
  // Only looks, so that it needs no lease.
  const checking = preflight(desired, { ...context, signal });
  const inVain = new AbortController();
  checking.catch(() => inVain.abort());
  const before = await asked.catch(() => undefined);
  const isFree = before === undefined || before.record.released;
  // What is in the way is told before anybody waits for another roller.
  if (!isFree) await checking;
  // Beside the claim: nobody else can hold the lease between this record and ours.
  else for (const counter of proxy.counters) counter.ask?.();
  const looking = isFree ? new LookAhead(desired, context) : undefined;
  const staged = isFree ? new StagedAhead(desired, context.hosts, signal) : undefined;
  const claiming = Lease.acquire(leases, owner, leaseTiming, {
    signal: AbortSignal.any([signal, inVain.signal]),
    asked,
    onWait: ({ owner: other, since }) =>
      report("preflight", `${other} has been rolling this fleet since ${since}; waiting`),
  });
  try {
    const [, lease] = await inOrder(checking, claiming.catch(untouched));
    const isNext = lease.generation === (before?.generation ?? 0) + 1;
    return {
      lease,
      ...(looking && { looking }),
      ...(looking && staged && isNext && { ahead: looking, staged }),
    };
  } catch (error) {
    looking?.end();
    await claiming.then((lease) => lease.release()).catch(() => {});
    throw error;
  }
}
