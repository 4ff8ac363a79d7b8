import { GateFailed } from "#rollout/common/errors.ts";
import { stopReason } from "#rollout/roll/stopReason.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Why something ended: because the roll was stopped meanwhile, unless a gate has found something. */
export function reasonOf(error: unknown, context: KubernetesRollContext): unknown {
  return context.signal.aborted && !(error instanceof GateFailed) ? stopReason(context) : error;
}
