import type { V1Deployment } from "@kubernetes/client-node";
import type { HookHost } from "#rollout/hooks/rollHooks.ts";
import { runJob } from "./hookJob.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Where hooks run that need what the application has: a Job with what the pods of this Deployment have. */
export function hookHost(
  context: Pick<KubernetesRollContext, "cluster" | "workload">,
  deployment: V1Deployment | undefined,
): HookHost {
  const { workload } = context;
  return {
    name: workload.name,
    runTask: (_, command, output) => runJob(context, { deployment, command }, output),
  };
}
