import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { Workload } from "./workload.ts";

/** What an account may do with the objects of a namespace; docs/kubernetes.md has all that it needs. */
export interface Right {
  /** Absent for the core group. */
  readonly group?: string;
  /** Such as `deployments`, or `pods/proxy`. */
  readonly resource: string;
  readonly verbs: readonly string[];
  /** The setting that needs it, if it is not always needed. */
  readonly setting?: string;
}

const ROLL: readonly Right[] = [
  { group: "apps", resource: "deployments", verbs: ["create", "update"] },
  { group: "apps", resource: "replicasets", verbs: ["list"] },
  { group: "coordination.k8s.io", resource: "leases", verbs: ["get", "create", "update"] },
  { resource: "secrets", verbs: ["create"] },
  { resource: "pods", verbs: ["list"] },
  { group: "discovery.k8s.io", resource: "endpointslices", verbs: ["list"] },
];
/** A WebSocket begins with a GET; Kubernetes 1.35 and later ask for both. */
const FRONT: Right = { resource: "pods/portforward", verbs: ["get", "create"], setting: "expose.nginx" };
const JOBS: readonly Right[] = [
  { group: "batch", resource: "jobs", verbs: ["get", "create", "delete"], setting: "hooks" },
  { resource: "pods/log", verbs: ["get"], setting: "hooks" },
];
/** A canary that is promoted or given up goes. */
const CANARY: Right = { group: "apps", resource: "deployments", verbs: ["delete"], setting: "canary" };
const PROBES: Right = { resource: "pods/proxy", verbs: ["get"], setting: "probeTraffic" };

/**
 * What a roll can't do without, besides what its preflight reads anyway. Without the others it can't explain a failure, or
 * tidy up, and says so.
 */
export function rightsOf(
  { probeTraffic, hooks = {} }: Pick<RollPolicy, "probeTraffic" | "hooks">,
  { front, canary }: Pick<Workload, "front" | "canary">,
): readonly Right[] {
  const hasJobs = Object.values(hooks).some((each) => each.some(({ where }) => where === "first-host"));
  return [
    ...ROLL,
    ...(canary ? [CANARY] : []),
    ...(probeTraffic ? [PROBES] : []),
    ...(front ? [FRONT] : []),
    ...(hasJobs ? JOBS : []),
  ];
}

/** What it takes to remove all that rolls made. */
export const REMOVAL: readonly Right[] = [
  { group: "apps", resource: "deployments", verbs: ["get", "delete"] },
  { group: "coordination.k8s.io", resource: "leases", verbs: ["get", "delete"] },
  { resource: "secrets", verbs: ["deletecollection"] },
];
