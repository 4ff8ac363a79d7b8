import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { deploymentIn } from "./deploymentIn.ts";
import { despiteOthers } from "./despiteOthers.ts";
import { pruneEnvironments } from "./environmentSecrets.ts";
import { lookAt } from "./look.ts";
import { store } from "./manifest.ts";
import { GOOD } from "./names.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Notes that the release is good. It serves by now, so that what can't be done is only a warning. */
export function noteGood(context: KubernetesRollContext): Promise<void> {
  return warningOf("it was not noted that this release is good to go back to", markGood(context), context);
}

/** Deletes what no revision needs any more; what can't be done is only a warning. */
export function tidyUp(context: KubernetesRollContext): Promise<void> {
  return warningOf("environments of earlier releases were not deleted", pruneEnvironments(context), context);
}

/** The next roll goes back to this if it fails. */
function markGood({ cluster, workload, assertHeld }: KubernetesRollContext): Promise<void> {
  return despiteOthers(async () => {
    const look = await lookAt(cluster, workload);
    const { current } = look;
    const deployment = deploymentIn(look);
    const { metadata } = deployment;
    if (!current) throw new RollgateError("not-observed", "Kubernetes has not noticed the last change yet");
    if (metadata?.annotations?.[GOOD] === current.hash) return;
    const annotations = { ...metadata?.annotations, [GOOD]: current.hash };
    await assertHeld();
    await store(cluster, { ...deployment, metadata: { ...metadata, annotations } }, deployment);
  });
}

async function warningOf(
  what: string,
  work: Promise<void>,
  { warn }: Pick<KubernetesRollContext, "warn">,
): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    warn(`${what}: ${messageOf(error)}`);
  }
}
