import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { KubernetesHost } from "./kubernetesDescriptors.ts";

/** Rejects a cluster that does not answer, and a namespace that is not there or not the stack's own. */
export async function preflightCluster(
  { cluster, namespace, name }: Pick<KubernetesHost, "cluster" | "namespace" | "name">,
  isOwnNamespace: boolean,
): Promise<void> {
  // Loading the client library takes a while.
  const { openCluster, orNothing } = await import("./cluster.ts");
  const api = openCluster(cluster);
  const found = await orNothing(api.ask(api.core.readNamespace({ name: namespace }))).catch(
    (error: unknown) => {
      throw new InvalidInput("kubeconfig", messageOf(error), { cause: error });
    },
  );
  if (!isOwnNamespace && !found)
    throw new InvalidInput(
      "namespace",
      `expected one that is there, got ${namespace}: create it, or leave this empty`,
    );
  if (isOwnNamespace && found && found.metadata?.labels?.["app.kubernetes.io/name"] !== name)
    throw new InvalidInput(
      "namespace",
      `expected ${namespace} to be free or this stack's own, found one of somebody else: name it here to share it`,
    );
}
