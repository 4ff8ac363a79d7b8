import { RollgateError } from "#rollout/common/errors.ts";
import { poll } from "#rollout/common/poll.ts";
import { type Cluster, openCluster, orNothing } from "./cluster.ts";
import { ownSelector } from "./names.ts";
import type { Workload } from "./workload.ts";

/** Pods end within their grace period. */
const GONE_SECONDS = 600;

/** Deletes the Deployment, waits until its pods have ended, and deletes what rolls kept beside it. */
export async function removeDeployment(
  workload: Pick<Workload, "cluster" | "namespace" | "name">,
  cluster: Cluster = openCluster(workload.cluster),
): Promise<void> {
  const { name, namespace } = workload;
  const { apps, core, coordination, ask } = cluster;
  const place = { name, namespace };
  await orNothing(ask(apps.deleteNamespacedDeployment({ ...place, propagationPolicy: "Foreground" })));
  const isGone = async () => !(await orNothing(ask(apps.readNamespacedDeployment(place)))) || undefined;
  const limits = { intervalMilliseconds: 500, deadlineMilliseconds: GONE_SECONDS * 1000 };
  if (!(await poll(isGone, limits))) {
    throw new RollgateError("still-running", `the pods of ${name} have not ended within ${GONE_SECONDS} s`);
  }
  await orNothing(ask(coordination.deleteNamespacedLease(place)));
  const labelSelector = ownSelector(name);
  await orNothing(ask(core.deleteCollectionNamespacedSecret({ namespace, labelSelector })));
}
