import { kinds } from "#kinds/kinds.ts";
import { closing } from "#rollout/common/closing.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { parse } from "#rollout/request/validate.ts";
import type { Reporter } from "#rollout/roll/reporter.ts";
import type { RollResult } from "#rollout/roll/roll.ts";
import { leaseOwner, leaseTiming } from "./leaseOptions.ts";
import { openOrchestrator } from "./openOrchestrator.ts";

/** Who listens to a roll, and what may end it at its next safe point. */
export interface RollFleetOptions {
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/**
 * Rolls a fleet without Pulumi: its nginx and its hosts must be there already. Throws `InvalidInput` for a wrong
 * request, and `RollFailed` with the state of every host.
 */
export async function rollFleet(
  request: RollRequest,
  { reporter = () => {}, signal = new AbortController().signal }: RollFleetOptions = {},
): Promise<RollResult> {
  const checked = parse(kinds.request, request);
  return closing(openOrchestrator(checked), (orchestrator) =>
    orchestrator.roll(checked, checked, {
      owner: leaseOwner(),
      reporter,
      signal,
      leaseTiming: leaseTiming(checked.timing.leaseWaitSeconds),
    }),
  );
}
