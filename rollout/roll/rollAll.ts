import { RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { HostsUnreachable } from "./decideStep.ts";
import { describeFailure } from "./describeFailure.ts";
import type { FleetMember } from "./fleet.ts";
import { HostRollFailed } from "./hostRollFailed.ts";
import type { PhaseTimes } from "./phases.ts";
import { prune } from "./prune.ts";
import { rollBack } from "./rollBack.ts";
import type { RollContext } from "./rollContext.ts";
import { HostsRoll } from "./rollHosts.ts";
import { stopReason } from "./stopReason.ts";
import type { DesiredRelease } from "./targets.ts";

/** A host that a roll has changed, with the milliseconds that each phase took. */
export interface TouchedHost {
  readonly host: string;
  readonly times: PhaseTimes;
}

/** What has been rolled, and the hosts as they were seen last. */
interface Done {
  readonly rolled: readonly TouchedHost[];
  readonly fleet: readonly FleetMember[];
  /** What nobody but the next roller has to wait for: that no request is counted any more, and old releases are gone. */
  readonly ended: Promise<unknown>;
}

/** Rolls all hosts; on failure, rolls back those that the policy says, and reports what all hosts run. */
export async function rollAll(desired: DesiredRelease, context: RollContext, ledger: Ledger): Promise<Done> {
  const hostsRoll = new HostsRoll(desired, context);
  const { rolled } = hostsRoll;
  try {
    await hostsRoll.run();
  } catch (thrown) {
    const stop = context.signal.aborted ? stopReason(context) : undefined;
    const error = stop && !(thrown instanceof HostRollFailed) ? stop : thrown;
    if (!(error instanceof RollgateError)) throw error;
    const replaced = rolled.flatMap(({ host, before }) => (before ? [{ host, before }] : []));
    // An unreachable host says nothing against the release that all others are running by now.
    const mayGoBack =
      context.policy.onFailure === "rollback" && !stop && !(error instanceof HostsUnreachable);
    const wayBack = mayGoBack ? await rollBack(replaced, context) : undefined;
    const hosts = rolled.map(({ host }) => host.name);
    await ledger.end();
    const { requests = 0, probes } = ledger.figures() ?? {};
    const counted = requests > 0 || probes ? ledger.describe() : undefined;
    const outcome = { error, stop, desired, rolled: hosts, replaced, wayBack, counted };
    throw await describeFailure(outcome, context);
  }
  const { fleet } = hostsRoll;
  const ended = inOrder(ledger.end(), prune(rolled, fleet, context));
  // Thrown to whoever waits for it.
  ended.catch(() => {});
  try {
    await inOrder(ledger.read(), context.classes?.provideAll());
    await context.hooks?.afterRoll();
  } catch (error) {
    await ended.catch(() => {});
    throw error;
  }
  return { rolled: rolled.map(({ host, times }) => ({ host: host.name, times })), fleet, ended };
}
