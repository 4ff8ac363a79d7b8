import type { V1Secret } from "@kubernetes/client-node";
import { type Cluster, isRefusal } from "./cluster.ts";
import { environmentSecretOf, ownLabels, ownSelector } from "./names.ts";
import type { Workload } from "./workload.ts";

/** Stores the environment in a Secret of its own, unless it is there. */
export async function keepEnvironment({ core, ask }: Cluster, workload: Workload): Promise<void> {
  const { name, namespace, environment } = workload;
  const body: V1Secret = {
    metadata: { name: environmentSecretOf(name, environment), labels: ownLabels(name) },
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

/** Deletes environments that no revision of the Deployment names any more. */
export async function pruneEnvironments(cluster: Cluster, { name, namespace }: Workload): Promise<void> {
  const { apps, core, ask } = cluster;
  const [sets, secrets] = await Promise.all([
    ask(apps.listNamespacedReplicaSet({ namespace })),
    ask(core.listNamespacedSecret({ namespace, labelSelector: ownSelector(name) })),
  ]);
  const containers = sets.items.flatMap(({ spec }) => spec?.template?.spec?.containers ?? []);
  const named = new Set(
    containers.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
  );
  for (const { metadata } of secrets.items) {
    const secret = metadata?.name ?? "";
    if (named.has(secret)) continue;
    await ask(core.deleteNamespacedSecret({ name: secret, namespace })).catch((error: unknown) => {
      if (!isRefusal(error, 404)) throw error;
    });
  }
}
