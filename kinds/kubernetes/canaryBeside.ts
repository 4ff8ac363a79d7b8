import type { Cluster } from "./cluster.ts";
import { type Look, lookAt } from "./look.ts";
import { canaryNameOf } from "./names.ts";
import { isOwn, ownerOf } from "./own.ts";
import type { Workload } from "./workload.ts";

/** The canary of a workload: the one that is declared, or else where an earlier one may still be. */
export function canaryBeside(workload: Workload): Workload {
  const { canary, ...rest } = workload;
  return canary ?? { ...rest, name: canaryNameOf(workload.name), canaryOf: workload.name };
}

/** Looks at a workload, unless there is none or it is somebody else's. */
export async function lookAtOwn(cluster: Cluster, workload: Workload): Promise<Look | undefined> {
  const look = await lookAt(cluster, workload);
  return look.deployment && isOwn(look.deployment, ownerOf(workload)) ? look : undefined;
}
