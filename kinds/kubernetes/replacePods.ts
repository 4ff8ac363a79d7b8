import { counted } from "#rollout/common/counted.ts";
import type { TouchedHost } from "#rollout/roll/rollAll.ts";
import type { Target } from "#rollout/roll/targets.ts";
import { describeFailure } from "./describeFailure.ts";
import { despiteOthers } from "./despiteOthers.ts";
import { keepEnvironment } from "./environmentSecrets.ts";
import { followPods } from "./followPods.ts";
import { hookHost } from "./hookHost.ts";
import { goodRevision, type Look, lookAt, type Revision } from "./look.ts";
import { type Completed, completed, desiredDeployment, store } from "./manifest.ts";
import { isCanary, refuseForeign } from "./own.ts";
import type { PodCounts } from "./podCounts.ts";
import { untouched } from "./preflightRoll.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** What is there, and what is to be stored in its place. */
interface Prepared extends Completed {
  readonly before: Look;
  /** The last revision that passed all gates, if there is one. */
  readonly good: Revision | undefined;
  /** Whether the pods are to run what has passed its soak once; that is not judged again. */
  readonly isGood: boolean;
}

/** Brings one Deployment to a release; returns its new pods. */
export async function replacePods(
  target: Target,
  counts: PodCounts | undefined,
  context: KubernetesRollContext,
): Promise<readonly TouchedHost[]> {
  const { workload, policy, report } = context;
  const { release, soakSeconds = policy.timing.soakSeconds } = target;
  await context.assertHeld();
  await keepEnvironment(context.cluster, workload).catch(untouched);
  const prepared = await prepareOnceHooksRan(target, context).catch(untouched);
  const { before, isGood, good } = prepared;
  counts?.follow(before.pods, workload.name, true);
  const changesPods = await storeRelease(prepared, context).catch(untouched);
  const { replicas = 1 } = prepared.complete.spec ?? {};
  const fleet = counted(replicas, "pod");
  report("start", describeStart(release, prepared, fleet), workload);
  try {
    const rolled = await followPods(
      {
        release,
        counts,
        soakSeconds: isGood ? 0 : soakSeconds,
        isJudged: !isGood,
        restarts: new Map(before.pods.map((pod) => [pod.name, pod.restarts])),
      },
      context,
    );
    report("done", `${fleet} of ${release} ${replicas === 1 ? "serves" : "serve"}`, workload);
    return rolled.filter(({ host }) => !before.pods.some((pod) => pod.name === host));
  } catch (error) {
    const wayBack = good ?? (changesPods ? onlyOneServing(before) : undefined);
    throw await describeFailure({ error, release, wayBack, counts }, context);
  }
}

/** Runs the hooks of the roll if this is the first thing that it changes; they may take long, so it looks again then. */
async function prepareOnceHooksRan(target: Target, context: KubernetesRollContext): Promise<Prepared> {
  const prepared = await prepare(target, context);
  if (prepared.isStored && prepared.isGood) return prepared;
  const from = await releaseBefore(prepared.before, context);
  const host = hookHost(context, prepared.complete);
  return (await context.hooks.beforeRoll(host, from)) ? prepare(target, context) : prepared;
}

function prepare({ release, jar }: Target, { cluster, workload }: KubernetesRollContext): Promise<Prepared> {
  return despiteOthers(async () => {
    const before = await lookAt(cluster, workload);
    const kept = jar ? undefined : before.revisions.find((revision) => revision.release === release);
    const found = await completed(cluster, desiredDeployment(workload, release, kept), before.deployment);
    const good = goodRevision(before);
    const isGood = !found.changesPods && good !== undefined && good.hash === before.current?.hash;
    return { ...found, before, good, isGood };
  });
}

/** What a canary is in place of, if it is new, is what the others run. */
async function releaseBefore({ current }: Look, context: KubernetesRollContext): Promise<string> {
  const { cluster, workload, beside } = context;
  const isNewCanary = current === undefined && isCanary(workload);
  const before = isNewCanary ? (await lookAt(cluster, beside)).current : current;
  return before?.release ?? "";
}

/**
 * Stores the Deployment unless it is there; storing only what was noted about it changes no pod. Returns whether pods are
 * replaced.
 */
function storeRelease(
  { complete: wanted, before, ...found }: Prepared,
  { cluster, workload, assertHeld }: KubernetesRollContext,
): Promise<boolean> {
  return despiteOthers(async (attempt) => {
    const { deployment } = attempt === 1 ? before : await lookAt(cluster, workload);
    refuseForeign("Deployment", deployment, workload);
    const { isStored, isNoted, changesPods, complete }: Completed =
      attempt === 1 ? { ...found, complete: wanted } : await completed(cluster, wanted, deployment);
    await assertHeld();
    if (!isStored || !isNoted) await store(cluster, complete, deployment);
    // Stored by an attempt that got no answer, it changes nothing any more.
    return isStored ? found.changesPods : changesPods;
  });
}

/** A Deployment that somebody else has rolled so far. */
function onlyOneServing({ current, pods }: Look): Revision | undefined {
  const serving = pods.filter(({ serves }) => serves);
  return current && serving.length > 0 && serving.every(({ hash }) => hash === current.hash)
    ? current
    : undefined;
}

function describeStart(release: string, { before, complete, ...found }: Prepared, fleet: string): string {
  const { deployment, current } = before;
  if (found.isStored) return `${release} on ${fleet}, as stored before`;
  if (!deployment) return `${release} on ${fleet}, the first ones`;
  if (current?.release !== release) return `${release} on ${fleet}, in place of ${current?.release}`;
  if (found.changesPods) return `${fleet} of ${release} anew`;
  const replicas = deployment.spec?.replicas;
  if (replicas !== complete.spec?.replicas) return `${fleet} of ${release} instead of ${replicas}`;
  return found.isGood ? `${fleet} of ${release}, as they are` : `going on with ${fleet} of ${release}`;
}
