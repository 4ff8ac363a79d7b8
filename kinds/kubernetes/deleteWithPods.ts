import type { V1DeleteOptions, V1Deployment, V1Job, V1ObjectMeta } from "@kubernetes/client-node";
import { RollgateError } from "#rollout/common/errors.ts";
import { poll } from "#rollout/common/poll.ts";
import { type Cluster, orNothing } from "./cluster.ts";

/** Pods end within their grace period. */
const GONE_SECONDS = 600;

/** Deletes this very Deployment, and waits until its pods have ended. */
export async function deleteDeployment(
  { apps, ask }: Cluster,
  { metadata = {} }: V1Deployment,
): Promise<void> {
  const place = placeOf(metadata);
  await orNothing(ask(apps.deleteNamespacedDeployment({ ...place, body: withPods(metadata) })));
  await untilGone(metadata, () => ask(apps.readNamespacedDeployment(place)));
}

/** Deletes this very Job, and waits until its pod has ended. */
export async function deleteJob({ batch, ask }: Cluster, { metadata = {} }: V1Job): Promise<void> {
  const place = placeOf(metadata);
  await orNothing(ask(batch.deleteNamespacedJob({ ...place, body: withPods(metadata) })));
  await untilGone(metadata, () => ask(batch.readNamespacedJob(place)));
}

/** Makes the API delete the very object that was read, and no later one of its name. */
export function onlyThis({ uid }: V1ObjectMeta): V1DeleteOptions {
  return { preconditions: { ...(uid !== undefined && { uid }) } };
}

function withPods(metadata: V1ObjectMeta): V1DeleteOptions {
  return { propagationPolicy: "Foreground", ...onlyThis(metadata) };
}

function placeOf({ name = "", namespace = "" }: V1ObjectMeta) {
  return { name, namespace };
}

async function untilGone(
  { name, uid }: V1ObjectMeta,
  read: () => Promise<{ readonly metadata?: V1ObjectMeta }>,
): Promise<void> {
  const isGone = async () => {
    const found = await orNothing(read());
    return !found || found.metadata?.uid !== uid || undefined;
  };
  const limits = { intervalMilliseconds: 500, deadlineMilliseconds: GONE_SECONDS * 1000 };
  if (await poll(isGone, limits)) return;
  throw new RollgateError("still-running", `the pods of ${name} have not ended within ${GONE_SECONDS} s`);
}
