import type { V1DeleteOptions, V1ObjectMeta } from "@kubernetes/client-node";
import { RollgateError } from "#rollout/common/errors.ts";
import { poll } from "#rollout/common/poll.ts";
import { type Cluster, openCluster, orNothing } from "./cluster.ts";
import { ownSelector } from "./names.ts";
import { isOwn } from "./own.ts";
import type { Workload } from "./workload.ts";

/** Pods end within their grace period. */
const GONE_SECONDS = 600;

/**
 * Deletes the Deployment, waits until its pods have ended, and deletes what rolls kept beside it. What somebody else has
 * under the same name stays.
 */
export async function removeDeployment(
  workload: Pick<Workload, "cluster" | "namespace" | "name">,
  cluster: Cluster = openCluster(workload.cluster),
): Promise<void> {
  const { name, namespace } = workload;
  const { apps, core, coordination, ask } = cluster;
  const place = { name, namespace };
  const deployment = await orNothing(ask(apps.readNamespacedDeployment(place)));
  if (deployment && isOwn(deployment, name)) {
    const body = { propagationPolicy: "Foreground", ...onlyThis(deployment) };
    await orNothing(ask(apps.deleteNamespacedDeployment({ ...place, body })));
    await untilGone(cluster, place, deployment.metadata?.uid);
  }
  const lease = await orNothing(ask(coordination.readNamespacedLease(place)));
  if (lease && isOwn(lease, name)) {
    await orNothing(ask(coordination.deleteNamespacedLease({ ...place, body: onlyThis(lease) })));
  }
  const labelSelector = ownSelector(name);
  await orNothing(ask(core.deleteCollectionNamespacedSecret({ namespace, labelSelector })));
}

async function untilGone(
  { apps, ask }: Cluster,
  place: Pick<Workload, "namespace" | "name">,
  uid: string | undefined,
): Promise<void> {
  const isGone = async () => {
    const found = await orNothing(ask(apps.readNamespacedDeployment(place)));
    return !found || found.metadata?.uid !== uid || undefined;
  };
  const limits = { intervalMilliseconds: 500, deadlineMilliseconds: GONE_SECONDS * 1000 };
  if (!(await poll(isGone, limits))) {
    throw new RollgateError(
      "still-running",
      `the pods of ${place.name} have not ended within ${GONE_SECONDS} s`,
    );
  }
}

/** Makes the API delete the very object that was read, and no later one of its name. */
function onlyThis({ metadata: { uid } = {} }: { readonly metadata?: V1ObjectMeta }): V1DeleteOptions {
  return { preconditions: { ...(uid !== undefined && { uid }) } };
}
