import type { Orchestrator } from "../orchestrator.ts";
import type { Workload } from "./workload.ts";

/** Opens a workload to be rolled, surveyed and planned; loads the client library of Kubernetes. */
export async function openWorkload(workload: Workload): Promise<Orchestrator> {
  const { KubernetesOrchestrator } = await import("./kubernetesOrchestrator.ts");
  return new KubernetesOrchestrator(workload);
}

/** Removes what rolls made: the Deployment, its Secrets and its Lease. Something that is gone already is no failure. */
export async function removeWorkload(
  workload: Pick<Workload, "cluster" | "namespace" | "name">,
): Promise<void> {
  const { removeDeployment } = await import("./removeDeployment.ts");
  await removeDeployment(workload);
}
