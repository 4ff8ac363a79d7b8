import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { deploymentIn } from "./deploymentIn.ts";
import { despiteOthers } from "./despiteOthers.ts";
import { pruneEnvironments } from "./environmentSecrets.ts";
import { lookAt } from "./look.ts";
import { store } from "./manifest.ts";
import { GOOD } from "./names.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/**
 * Notes that the release is good, and deletes what no revision needs any more. The release serves by now, so that what
 * can't be done is only a warning; returns those.
 */
export async function finishRoll(context: KubernetesRollContext): Promise<string[]> {
  return [
    ...(await warningOf("it was not noted that this release is good to go back to", markGood(context))),
    ...(await warningOf("environments of earlier releases were not deleted", pruneEnvironments(context))),
  ];
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

async function warningOf(what: string, work: Promise<void>): Promise<string[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return [`${what}: ${messageOf(error)}`];
  }
}
