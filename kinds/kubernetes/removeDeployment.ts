import { type Cluster, isRefusal, openCluster, orNothing } from "./cluster.ts";
import { deleteDeployment, deleteJob, onlyThis } from "./deleteWithPods.ts";
import { canaryNameOf, hookJobOf, ownSelector } from "./names.ts";
import { isOwn } from "./own.ts";
import { refuseForbidden } from "./refuseForbidden.ts";
import { REMOVAL } from "./rights.ts";
import type { Workload } from "./workload.ts";

/**
 * Deletes the Deployment and its canary, waits until their pods have ended, and deletes what rolls kept beside them. What
 * somebody else has under the same names stays.
 */
export async function removeDeployment(
  workload: Pick<Workload, "cluster" | "namespace" | "name">,
  cluster: Cluster = openCluster(workload.cluster),
): Promise<void> {
  const { name, namespace } = workload;
  const { apps, core, coordination, ask } = cluster;
  await refuseForbidden(cluster, workload, REMOVAL);
  for (const each of [canaryNameOf(name), name]) {
    const deployment = await orNothing(ask(apps.readNamespacedDeployment({ name: each, namespace })));
    if (deployment && isOwn(deployment, name)) await deleteDeployment(cluster, deployment);
  }
  await removeHookJob(cluster, { name, namespace });
  const lease = await orNothing(ask(coordination.readNamespacedLease({ name, namespace })));
  if (lease && isOwn(lease, name)) {
    const body = onlyThis(lease.metadata ?? {});
    await orNothing(ask(coordination.deleteNamespacedLease({ name, namespace, body })));
  }
  const labelSelector = ownSelector(name);
  await orNothing(ask(core.deleteCollectionNamespacedSecret({ namespace, labelSelector })));
}

/** A deployer that died in a hook leaves its Job; an account that may not see any has made none. */
async function removeHookJob(
  cluster: Cluster,
  { name, namespace }: Pick<Workload, "namespace" | "name">,
): Promise<void> {
  const { batch, ask } = cluster;
  try {
    const job = await orNothing(ask(batch.readNamespacedJob({ name: hookJobOf(name), namespace })));
    if (job && isOwn(job, name)) await deleteJob(cluster, job);
  } catch (error) {
    if (!isRefusal(error, 403)) throw error;
  }
}
