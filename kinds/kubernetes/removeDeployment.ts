import { type Cluster, openCluster, orNothing } from "./cluster.ts";
import { ownSelector } from "./names.ts";
import type { Workload } from "./workload.ts";

/** Deletes the Deployment with its pods, and then what rolls kept beside it. */
export async function removeDeployment(
  workload: Pick<Workload, "cluster" | "namespace" | "name">,
  cluster: Cluster = openCluster(workload.cluster),
): Promise<void> {
  const { name, namespace } = workload;
  const { apps, core, coordination, ask } = cluster;
  await orNothing(ask(apps.deleteNamespacedDeployment({ name, namespace, propagationPolicy: "Foreground" })));
  await orNothing(ask(coordination.deleteNamespacedLease({ name, namespace })));
  const labelSelector = ownSelector(name);
  await orNothing(ask(core.deleteCollectionNamespacedSecret({ namespace, labelSelector })));
}
