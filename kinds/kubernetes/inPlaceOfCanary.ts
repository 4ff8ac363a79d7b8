import { deploymentIn } from "./deploymentIn.ts";
import { despiteOthers } from "./despiteOthers.ts";
import { followPods } from "./followPods.ts";
import { lookAt } from "./look.ts";
import { completed, store } from "./manifest.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Gives a workload the pods of a canary that was removed, and waits for them: they run what the others run. */
export async function inPlaceOfCanary(pods: number, context: KubernetesRollContext): Promise<void> {
  const { cluster, workload, assertHeld, report } = context;
  let replicas: number | undefined;
  const { release, before } = await despiteOthers(async () => {
    const before = await lookAt(cluster, workload);
    const deployment = deploymentIn(before);
    const { spec } = deployment;
    if (!spec) throw new TypeError("a Deployment has a spec");
    // As first seen, so that they are not added twice.
    replicas ??= (spec.replicas ?? 1) + pods;
    const wanted = { ...deployment, spec: { ...spec, replicas } };
    const { complete } = await completed(cluster, wanted, deployment);
    await assertHeld();
    await store(cluster, complete, deployment);
    return { release: before.current?.release ?? "an unknown release", before };
  });
  report("start", `${pods} more of ${release}, in place of its canary`, workload);
  const restarts = new Map(before.pods.map((pod) => [pod.name, pod.restarts]));
  await followPods({ release, soakSeconds: 0, isJudged: false, restarts }, context);
}
