import { Lease, type LeaseStore, type LeaseTiming } from "../lease/lease.ts";
import { LookAhead } from "./lookAhead.ts";
import { preflight, untouched } from "./preflight.ts";
import type { RollContext } from "./rollContext.ts";
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
}

/** Takes the lease of a fleet that can take part in a roll; throws `RollFailed` if it can't, or if the lease is held. */
export async function claimFleet(
  leases: LeaseStore,
  desired: DesiredRelease,
  context: Pick<RollContext, "hosts" | "proxy" | "policy" | "orders" | "report" | "signal">,
  { owner, leaseTiming, signal }: Claimant,
): Promise<Claimed> {
  const { proxy, report } = context;
  // Beside the preflight, which only looks, too.
  const asked = leases.newest();
  asked.catch(() => {});
  await preflight(desired, { ...context, signal });
  const before = await asked.catch(() => undefined);
  // Beside the claim: nobody else can hold the lease between this record and ours.
  const isFree = before === undefined || before.record.released;
  if (isFree) for (const counter of proxy.counters) counter.ask?.();
  const looking = isFree ? new LookAhead(desired, context) : undefined;
  const lease = await Lease.acquire(leases, owner, leaseTiming, {
    signal,
    asked,
    onWait: ({ owner: other, since }) =>
      report("preflight", `${other} has been rolling this fleet since ${since}; waiting`),
  }).catch((error: unknown) => {
    looking?.end();
    return untouched(error);
  });
  const isNext = lease.generation === (before?.generation ?? 0) + 1;
  return { lease, ...(looking && { looking }), ...(looking && isNext && { ahead: looking }) };
}
