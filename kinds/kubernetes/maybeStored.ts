import { isSystemError, messageOf, RollgateError } from "#rollout/common/errors.ts";
import { ClusterRefused } from "./cluster.ts";

/** The API gave no answer, or one that leaves it open, to a Deployment that it was to store. */
export class MaybeStored extends RollgateError {
  readonly deployment: string;

  constructor(deployment: string, cause: unknown) {
    const next = "the next pulumi up looks again and goes on from there";
    super("maybe-stored", `${messageOf(cause)}; Deployment ${deployment} may have been stored: ${next}`, {
      cause,
    });
    this.deployment = deployment;
  }
}

/** Whether a write that ended with this error may have been carried out. */
export function isOpen(error: unknown): boolean {
  // A gateway, or the API itself, may give up while the write goes on.
  if (error instanceof ClusterRefused) return error.status >= 500;
  if (!(error instanceof RollgateError)) return false;
  return !isSystemError(error.cause, "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN");
}
