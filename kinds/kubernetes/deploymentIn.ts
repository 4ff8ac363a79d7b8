import type { V1Deployment } from "@kubernetes/client-node";
import { GateFailed } from "#rollout/common/errors.ts";
import type { Look } from "./look.ts";

/** The Deployment that was looked at; throws if somebody has deleted it. */
export function deploymentIn({ deployment }: Look): V1Deployment {
  if (deployment) return deployment;
  throw new GateFailed("deployment-gone", "somebody deleted the Deployment meanwhile");
}
