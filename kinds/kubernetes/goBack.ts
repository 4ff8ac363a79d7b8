import { RollgateError } from "#rollout/common/errors.ts";
import { deploymentIn } from "./deploymentIn.ts";
import { despiteOthers } from "./despiteOthers.ts";
import { followPods } from "./followPods.ts";
import { lookAt, type Revision } from "./look.ts";
import { completed, store, withRevision } from "./manifest.ts";
import { reasonOf } from "./reasonOf.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** How far going back got. */
export interface WayBack {
  /** Whether Kubernetes was told; it goes on by itself then. */
  readonly isBegun: boolean;
  /** Why it was not seen to its end, if it was not. */
  readonly stoppedBy?: RollgateError;
}

/** Puts back the pod template of a revision, and waits until its pods serve alone. */
export async function goBack(revision: Revision, context: KubernetesRollContext): Promise<WayBack> {
  const { release = "an unknown release" } = revision;
  context.report("rollback", `going back to ${release}`, context.workload);
  let isBegun = false;
  try {
    const restarts = await putBack(revision, context);
    isBegun = true;
    await followPods({ release, soakSeconds: 0, isJudged: false, restarts }, context);
    return { isBegun };
  } catch (error) {
    const stoppedBy = isBegun ? reasonOf(error, context) : error;
    if (!(stoppedBy instanceof RollgateError)) throw error;
    return { isBegun, stoppedBy };
  }
}

/** Keeps Kubernetes from replacing further pods. */
export async function halt({ cluster, workload, assertHeld }: KubernetesRollContext): Promise<void> {
  await despiteOthers(async () => {
    const deployment = deploymentIn(await lookAt(cluster, workload));
    if (!deployment.spec) throw new TypeError("a Deployment has a spec");
    await assertHeld();
    await store(cluster, { ...deployment, spec: { ...deployment.spec, paused: true } }, deployment);
  });
}

/** Returns the restarts that pods had before. */
function putBack(
  revision: Revision,
  { cluster, workload, assertHeld }: KubernetesRollContext,
): Promise<ReadonlyMap<string, number>> {
  return despiteOthers(async () => {
    const look = await lookAt(cluster, workload);
    const deployment = deploymentIn(look);
    const { complete } = await completed(cluster, withRevision(deployment, revision), deployment);
    await assertHeld();
    await store(cluster, complete, deployment);
    return new Map(look.pods.map((pod) => [pod.name, pod.restarts]));
  });
}
