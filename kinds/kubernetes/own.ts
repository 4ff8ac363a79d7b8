import type { V1ObjectMeta } from "@kubernetes/client-node";
import { RollgateError } from "#rollout/common/errors.ts";
import { type Cluster, orNothing } from "./cluster.ts";
import { ownLabels, ownSelector } from "./names.ts";
import type { Workload } from "./workload.ts";

/** An object of a cluster. */
interface InCluster {
  readonly metadata?: V1ObjectMeta;
}

type Named = Pick<Workload, "name" | "namespace" | "canaryOf">;

/** The name on the labels of everything that belongs to a workload; a canary belongs to the one whose canary it is. */
export function ownerOf({ name, canaryOf = name }: Pick<Workload, "name" | "canaryOf">): string {
  return canaryOf;
}

/** Whether a workload is the canary of another one. */
export function isCanary({ canaryOf }: Pick<Workload, "canaryOf">): boolean {
  return canaryOf !== undefined;
}

/** Whether rolls of a workload made an object, and not somebody else who chose the same name. */
export function isOwn({ metadata }: InCluster, workload: string): boolean {
  return Object.entries(ownLabels(workload)).every(([label, value]) => metadata?.labels?.[label] === value);
}

/** Throws if an object is somebody else's. */
export function refuseForeign(
  kind: "Deployment" | "Lease",
  found: InCluster | undefined,
  workload: Named,
): void {
  const { name, namespace } = workload;
  const owner = ownerOf(workload);
  if (!found || isOwn(found, owner)) return;
  const manager = found.metadata?.labels?.["app.kubernetes.io/managed-by"];
  const got = manager === undefined || manager === "rollgate" ? "" : `, managed by ${manager}`;
  throw new RollgateError(
    "name-taken",
    `${kind} ${name} in namespace ${namespace}: expected one created by rollgate, with the labels ${ownSelector(owner)}, got one without them${got}`,
  );
}

/** Throws if the Deployment that is there is somebody else's. */
export async function refuseForeignDeployment({ apps, ask }: Cluster, workload: Named): Promise<void> {
  const { name, namespace } = workload;
  const found = await orNothing(ask(apps.readNamespacedDeployment({ name, namespace })));
  refuseForeign("Deployment", found, workload);
}
