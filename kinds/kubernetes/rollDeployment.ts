import type { V1Deployment } from "@kubernetes/client-node";
import { refuseUnanswered } from "#rollout/analysis/refuseUnanswered.ts";
import { counted } from "#rollout/common/counted.ts";
import { messageOf, RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { secondsSince } from "#rollout/common/secondsSince.ts";
import { Lease } from "#rollout/lease/lease.ts";
import { describeProbes } from "#rollout/ledger/describeLedger.ts";
import { figuresOf } from "#rollout/ledger/figures.ts";
import { factsOf } from "#rollout/roll/factsOf.ts";
import type { RollOptions, RollResult } from "#rollout/roll/roll.ts";
import type { TouchedHost } from "#rollout/roll/rollAll.ts";
import { type RollPolicy, reportTo } from "#rollout/roll/rollContext.ts";
import type { DesiredRelease } from "#rollout/roll/targets.ts";
import type { Cluster } from "./cluster.ts";
import { ClusterLeaseStore } from "./clusterLeaseStore.ts";
import { describeFailure } from "./describeFailure.ts";
import { despiteOthers } from "./despiteOthers.ts";
import { keepEnvironment } from "./environmentSecrets.ts";
import { finishRoll } from "./finishRoll.ts";
import { followPods } from "./followPods.ts";
import { goodRevision, type Look, lookAt, type Revision } from "./look.ts";
import { completed, desiredDeployment, store } from "./manifest.ts";
import { refuseForeign, refuseForeignDeployment } from "./own.ts";
import { PodProbes } from "./podProbes.ts";
import { refuseForbiddenProbes } from "./refuseForbiddenProbes.ts";
import type { KubernetesRollContext } from "./rollContext.ts";
import type { Workload } from "./workload.ts";

/**
 * Lets Kubernetes bring a workload to a release and judges the result. Resume, retry, repair and first deployment are the
 * same: what is there is looked at, the Deployment is stored unless it is stored already, and its pods are followed.
 */
export async function rollDeployment(
  cluster: Cluster,
  workload: Workload,
  desired: DesiredRelease,
  policy: RollPolicy,
  options: RollOptions,
): Promise<RollResult> {
  const began = performance.now();
  const { name, namespace } = workload;
  const tell = reportTo(options.reporter);
  const report: KubernetesRollContext["report"] = (phase, message, pod, milliseconds) =>
    options.reporter({
      phase,
      message,
      elapsedSeconds: secondsSince(began),
      host: pod ?? name,
      ...(milliseconds !== undefined && { milliseconds }),
    });
  await preflight(cluster, workload, desired, policy, options.signal);
  tell("preflight", `${cluster.server} is ready, ${workload.service} is there`);
  const leases = new ClusterLeaseStore(cluster, workload, options.leaseTiming);
  const lease = await Lease.acquire(leases, options.owner, options.leaseTiming, {
    signal: options.signal,
    onWait: ({ owner, since }) =>
      tell("preflight", `${owner} has been rolling this fleet since ${since}; waiting`),
  }).catch(untouched);
  const deadline = AbortSignal.timeout(policy.timing.rollDeadlineSeconds * 1000);
  const context: KubernetesRollContext = {
    cluster,
    workload,
    policy,
    report,
    redact: options.redact ?? ((text) => text),
    signal: AbortSignal.any([options.signal, lease.signal, deadline]),
    assertHeld: () => lease.assertHeld(),
  };
  const { probeTraffic } = policy;
  const probes = probeTraffic && new PodProbes(cluster, namespace, probeTraffic);
  const since = Math.floor(Date.now() / 1000);
  const warnings = unjudged(policy);
  try {
    const before = await lookAt(cluster, workload).catch(untouched);
    const running = before.current?.release;
    options.onFirstLook?.(running === undefined ? {} : { [name]: running });
    const rolled = await replacePods(desired.release, before, probes, context, desired.jar === undefined);
    await probes?.end();
    warnings.push(...(await finishRoll(context)));
    for (const warning of warnings) tell("warning", warning);
    const ledger = probes && figuresOf([], since, probes.probes());
    if (ledger?.probes) tell("done", describeProbes(ledger.probes));
    return {
      release: desired.release,
      rolled,
      durationSeconds: secondsSince(began),
      ...(ledger && { ledger }),
      warnings,
    };
  } finally {
    await probes?.end();
    const { probes: figures } = figuresOf([], since, probes?.probes());
    if (figures) options.onCounted?.({ ledger: [], changesFrom: since, probes: figures });
    // A lease that cannot be released expires by itself; the outcome so far matters more.
    await lease.release().catch(() => {});
  }
}

async function replacePods(
  release: string,
  before: Look,
  probes: PodProbes | undefined,
  context: KubernetesRollContext,
  isKept: boolean,
): Promise<readonly TouchedHost[]> {
  const { cluster, workload, policy, report } = context;
  probes?.follow(before.pods);
  const kept = isKept ? before.revisions.find((revision) => revision.release === release) : undefined;
  const wanted = desiredDeployment(workload, release, kept);
  await context.assertHeld();
  await keepEnvironment(cluster, workload).catch(untouched);
  const { complete, isStored, changesPods } = await storeRelease(wanted, before, context).catch(untouched);
  const good = goodRevision(before);
  // What has passed its soak once is not judged again.
  const isGood = isStored && good !== undefined && good.hash === before.current?.hash;
  const fleet = counted(complete.spec?.replicas ?? 1, "pod");
  report(
    "start",
    isStored ? `${release} on ${fleet}, as stored before` : describeStart(release, before, fleet),
  );
  try {
    const rolled = await followPods(
      {
        release,
        probes,
        soakSeconds: isGood ? 0 : policy.timing.soakSeconds,
        isJudged: !isGood,
        restarts: new Map(before.pods.map((pod) => [pod.name, pod.restarts])),
      },
      context,
    );
    report("done", `${fleet} of ${release} serve`);
    return rolled.filter(({ host }) => !before.pods.some((pod) => pod.name === host));
  } catch (error) {
    const wayBack = good ?? (changesPods ? onlyOneServing(before) : undefined);
    throw await describeFailure({ error, release, wayBack, probes }, context);
  }
}

/** Stores the Deployment unless it is there; storing only what was noted about it changes no pod. */
function storeRelease(
  wanted: V1Deployment,
  before: Look,
  { cluster, workload, assertHeld }: KubernetesRollContext,
) {
  return despiteOthers(async (attempt) => {
    const { deployment } = attempt === 1 ? before : await lookAt(cluster, workload);
    refuseForeign("Deployment", deployment, workload);
    const found = await completed(cluster, wanted, deployment);
    await assertHeld();
    if (!found.isStored || !found.isNoted) await store(cluster, found.complete, deployment);
    return found;
  });
}

/** Everything that can be found out without changing anything. */
async function preflight(
  cluster: Cluster,
  workload: Workload,
  { release }: DesiredRelease,
  policy: RollPolicy,
  signal: AbortSignal,
): Promise<void> {
  const { core, ask } = cluster;
  const { name, namespace, service } = workload;
  const somewhere = { host: { name }, slot: { address: "127.0.0.1", port: 0 } };
  const findings = await Promise.allSettled([
    ask(core.readNamespacedService({ name: service, namespace })),
    refuseForeignDeployment(cluster, workload),
    refuseForbiddenProbes(cluster, workload, policy),
    refuseUnanswered(policy.analysisChecks ?? [], factsOf(somewhere, release), signal),
  ]);
  const reasons = findings.filter((finding) => finding.status === "rejected").map(({ reason }) => reason);
  const bug = reasons.find((reason) => !(reason instanceof RollgateError));
  if (bug !== undefined) throw bug;
  if (reasons.length > 0) {
    throw new RollFailed(`${reasons.map(messageOf).join("; ")}. No pod was touched.`, [], {
      cause: reasons[0],
    });
  }
}

/** A Deployment that somebody else has rolled so far. */
function onlyOneServing({ current, pods }: Look): Revision | undefined {
  const serving = pods.filter(({ serves }) => serves);
  return current && serving.length > 0 && serving.every(({ hash }) => hash === current.hash)
    ? current
    : undefined;
}

function describeStart(release: string, { current, deployment }: Look, fleet: string): string {
  if (!deployment) return `${release} on ${fleet}, the first ones`;
  return current?.release === release
    ? `${fleet} of ${release} anew`
    : `${release} on ${fleet}, in place of ${current?.release}`;
}

function unjudged({ analysis, probeTraffic }: RollPolicy): string[] {
  if (!analysis || probeTraffic) return [];
  return ["nothing was counted, so nothing was judged by it (analysis): set probeTraffic"];
}

/** Rethrows a failure before the first change with the word that nothing was touched. */
function untouched(error: unknown): never {
  if (!(error instanceof RollgateError)) throw error;
  throw new RollFailed(`${messageOf(error)}. No pod was touched.`, [], { cause: error });
}
