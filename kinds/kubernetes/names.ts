import { createHash } from "node:crypto";

/** The longest name of a host in a request. */
export const LONGEST_NAME = 32;

/** On a Deployment and its pod template: the release, in full. */
export const RELEASE = "rollgate/release";
/** On a Deployment: the pod-template-hash of the last revision that passed all gates. */
export const GOOD = "rollgate/good";
/** On a Deployment: the spec that the rollout stored last, with the API's defaults. */
export const APPLIED = "rollgate/applied";
/** On a Lease: what Kubernetes has no field for. */
export const LEASE_STATE = "rollgate/lease";
/** On a Lease: asks its owner to stop. */
export const LEASE_STOP = "rollgate/stop";

/** Kubernetes' own names. */
export const TEMPLATE_HASH = "pod-template-hash";
export const REVISION = "deployment.kubernetes.io/revision";

/** The name of the Deployment that is the canary of another; no longer than that of a host may be. */
export function canaryNameOf(workload: string): string {
  const name = `${workload}-canary`;
  if (name.length <= LONGEST_NAME) return name;
  const hash = createHash("sha256").update(workload).digest("hex").slice(0, 6);
  const rest = workload.slice(0, LONGEST_NAME - "-canary".length - 1 - hash.length);
  return `${rest.replace(/-+$/, "")}-${hash}-canary`;
}

/** The name of the Job that runs a hook. */
export function hookJobOf(workload: string): string {
  return `${workload}-hook`;
}

/** The labels of what a rollout keeps beside its Deployment. */
export function ownLabels(workload: string): Record<string, string> {
  return { "app.kubernetes.io/managed-by": "rollgate", "rollgate/workload": workload };
}

/** Selects what a rollout keeps beside its Deployment. */
export function ownSelector(workload: string): string {
  return Object.entries(ownLabels(workload))
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

/** The name of the Secret that holds an environment; another one for another content. */
export function environmentSecretOf(workload: string, environment: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 12);
  return `${workload}-environment-${hash}`;
}
