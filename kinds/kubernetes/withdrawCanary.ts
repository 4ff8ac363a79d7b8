import { secondsSince } from "#rollout/common/secondsSince.ts";
import { lookAtOwn } from "./canaryBeside.ts";
import { deleteDeployment } from "./deleteWithPods.ts";
import { hookHost } from "./hookHost.ts";
import { lookAt } from "./look.ts";
import type { PodCounts } from "./podCounts.ts";
import { untouched } from "./preflightRoll.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Takes back a canary that is not declared any more, if there is one: the others serve alone by now. */
export async function withdrawCanary(
  context: KubernetesRollContext,
  counts: PodCounts | undefined,
): Promise<void> {
  const { cluster, workload, beside, hooks } = context;
  const canary = await lookAtOwn(cluster, workload);
  if (!canary) return;
  const { deployment } = await lookAt(cluster, beside);
  const first = hookHost({ ...context, workload: beside }, deployment);
  await hooks.beforeRoll(first, canary.current?.release ?? "").catch(untouched);
  await removeCanary(context, counts);
}

/** Deletes the canary and waits until its pods have ended, within the time that they may take. */
export async function removeCanary(
  context: Pick<KubernetesRollContext, "cluster" | "workload" | "assertHeld" | "report">,
  counts: Pick<PodCounts, "follow"> | undefined,
): Promise<void> {
  const { cluster, workload, assertHeld, report } = context;
  const look = await lookAtOwn(cluster, workload);
  if (!look?.deployment) return;
  await assertHeld();
  report("drain", `${look.current?.release ?? "an unknown release"} leaves ${workload.service}`, workload);
  const began = performance.now();
  // A pod that ends owes nobody an answer.
  counts?.follow([], workload.name);
  await deleteDeployment(cluster, look.deployment);
  report("stop", `ended after ${secondsSince(began)} s`, workload, performance.now() - began);
}
