import type { V1Secret } from "@kubernetes/client-node";
import { type Cluster, isRefusal } from "./cluster.ts";
import { environmentSecretOf, ownLabels, ownSelector } from "./names.ts";
import { ownerOf } from "./own.ts";
import type { KubernetesRollContext } from "./rollContext.ts";
import type { Workload } from "./workload.ts";

/** Stores the environment in a Secret of its own, unless it is there. */
export async function keepEnvironment({ core, ask }: Cluster, workload: Workload): Promise<void> {
  const { namespace, environment } = workload;
  const owner = ownerOf(workload);
  const body: V1Secret = {
    metadata: { name: environmentSecretOf(owner, environment), labels: ownLabels(owner) },
    type: "Opaque",
    immutable: true,
    stringData: { ...environment },
  };
  try {
    await ask(core.createNamespacedSecret({ namespace, body }));
  } catch (error) {
    if (!isRefusal(error, 409)) throw error;
  }
}

/**
 * Deletes environments that no revision of the Deployment names any more. They are listed before the lease is looked at,
 * so that none of them is one that the next owner of the lease has just stored for a revision to come.
 */
export async function pruneEnvironments({
  cluster,
  workload,
  assertHeld,
}: Pick<KubernetesRollContext, "cluster" | "workload" | "assertHeld">): Promise<void> {
  const { apps, core, ask } = cluster;
  const { namespace, environment } = workload;
  const name = ownerOf(workload);
  const secrets = await ask(core.listNamespacedSecret({ namespace, labelSelector: ownSelector(name) }));
  const sets = await ask(apps.listNamespacedReplicaSet({ namespace }));
  const containers = sets.items.flatMap(({ spec }) => spec?.template?.spec?.containers ?? []);
  const needed = new Set(
    containers.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
  ).add(environmentSecretOf(name, environment));
  for (const { metadata } of secrets.items) {
    const { name: secret = "", uid } = metadata ?? {};
    if (needed.has(secret)) continue;
    await assertHeld();
    const body = { preconditions: { ...(uid !== undefined && { uid }) } };
    await ask(core.deleteNamespacedSecret({ name: secret, namespace, body })).catch((error: unknown) => {
      // Somebody has deleted it, or even stored it anew.
      if (!isRefusal(error, 404, 409)) throw error;
    });
  }
}
