import { followPods } from "./followPods.ts";
import { lookAt, type Revision } from "./look.ts";
import { completed, store, withRevision } from "./manifest.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Puts back the pod template of a revision, and waits until its pods serve alone. */
export async function goBack(revision: Revision, context: KubernetesRollContext): Promise<void> {
  const { cluster, workload, report } = context;
  const { release = "an unknown release" } = revision;
  report("rollback", `going back to ${release}`);
  const { deployment, pods } = await lookAt(cluster, workload);
  if (!deployment) return;
  const { complete } = await completed(cluster, withRevision(deployment, revision), deployment);
  await context.assertHeld();
  await store(cluster, complete, deployment);
  const restarts = new Map(pods.map((pod) => [pod.name, pod.restarts]));
  await followPods({ release, soakSeconds: 0, isJudged: false, restarts }, context);
}

/** Keeps Kubernetes from replacing further pods. */
export async function halt(context: KubernetesRollContext): Promise<void> {
  const { cluster, workload } = context;
  const { deployment } = await lookAt(cluster, workload);
  if (!deployment?.spec) return;
  await context.assertHeld();
  await store(cluster, { ...deployment, spec: { ...deployment.spec, paused: true } }, deployment);
}
