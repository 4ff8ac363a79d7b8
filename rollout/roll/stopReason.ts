import { RollgateError } from "../common/errors.ts";
import type { RollContext } from "./rollContext.ts";

/** Why a roll was asked to stop. */
export function stopReason({
  signal: { reason },
  policy,
}: Pick<RollContext, "signal" | "policy">): RollgateError {
  const why =
    reason instanceof RollgateError
      ? reason.message
      : `it took longer than ${policy.timing.rollDeadlineSeconds} s`;
  return new RollgateError("stopped", `the roll was stopped: ${why}`, { cause: reason });
}
