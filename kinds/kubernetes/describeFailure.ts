import { counted } from "#rollout/common/counted.ts";
import { GateFailed, messageOf, RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { LeaseLost } from "#rollout/lease/lease.ts";
import { HostRollFailed } from "#rollout/roll/hostRollFailed.ts";
import { stopReason } from "#rollout/roll/stopReason.ts";
import { lookAtOwn } from "./canaryBeside.ts";
import { describeLook } from "./describeLook.ts";
import { goBack, halt } from "./goBack.ts";
import { inPlaceOfCanary } from "./inPlaceOfCanary.ts";
import { lookAt, type Revision } from "./look.ts";
import { isCanary } from "./own.ts";
import type { PodCounts } from "./podCounts.ts";
import { PodFailed } from "./podFailure.ts";
import { reasonOf } from "./reasonOf.ts";
import type { KubernetesRollContext } from "./rollContext.ts";
import { Unjudged } from "./unjudged.ts";
import { removeCanary } from "./withdrawCanary.ts";
import type { Workload } from "./workload.ts";

interface Failure {
  readonly error: unknown;
  readonly release: string;
  /** The last known good revision; absent if there is none. */
  readonly wayBack: Revision | undefined;
  readonly counts: PodCounts | undefined;
}

/** Goes back to the last known good revision if the policy says so; says what failed, what was done, and what runs now. */
export async function describeFailure(
  { error, release, wayBack, counts }: Failure,
  context: KubernetesRollContext,
): Promise<unknown> {
  const { workload, beside, rolled, policy, signal } = context;
  const failure = reasonOf(error, context);
  if (!(failure instanceof RollgateError)) return failure;
  const isStopped = signal.aborted;
  const parts = [
    failure instanceof PodFailed
      ? `${workload.name} failed its ${failure.phase} gate on ${release}: ${failure.message}`
      : `${workload.name} did not get ${release}: ${failure.message}`,
  ];
  if (isStopped && failure === error) parts.push(stopReason(context).message);
  const evidence = failure instanceof GateFailed ? [...failure.evidence] : [];
  if (signal.reason instanceof LeaseLost) {
    parts.push("nothing further was changed");
  } else if (isStopped || policy.onFailure === "halt" || failure instanceof Unjudged) {
    parts.push(await halted(context));
  } else if (wayBack) {
    parts.push(...(await wentBack(wayBack, context, evidence)));
  } else if (isCanary(workload)) {
    parts.push(...(await removed(context, counts)));
  } else {
    parts.push("there is no earlier release to go back to", await halted(context));
  }
  // Unless this is a first deployment, a canary comes first.
  if (isCanary(workload) && !rolled.has(beside.name)) parts.push(`${beside.name} was not touched`);
  const now = [await describeNow(context, workload), await describeNow(context, beside)].filter(Boolean);
  await counts?.end();
  const { requests = 0, probes } = counts?.figures() ?? {};
  const during = requests > 0 || probes ? counts?.describe() : undefined;
  return new RollFailed(
    `${parts.join("; ")}. Now: ${now.join("; ")}.${during === undefined ? "" : ` During the roll: ${during}.`}`,
    evidence,
    {
      cause: forHooks(failure),
    },
  );
}

/** A canary that is not there is not worth a word. */
async function describeNow({ cluster }: KubernetesRollContext, workload: Workload): Promise<string> {
  const { name } = workload;
  try {
    const look = isCanary(workload) ? await lookAtOwn(cluster, workload) : await lookAt(cluster, workload);
    return look ? `${name} ${describeLook(look)}` : "";
  } catch {
    return `${name} unknown`;
  }
}

/** With the pod and the phase that failed. */
function forHooks(failure: RollgateError): RollgateError {
  if (!(failure instanceof PodFailed)) return failure;
  const { pod, phase, message: what } = failure;
  return new HostRollFailed({ host: pod.name, phase, what, cause: failure });
}

/** Takes back a canary that has never been good. */
async function removed(context: KubernetesRollContext, counts: PodCounts | undefined): Promise<string[]> {
  const { cluster, workload, beside, rolled } = context;
  const { name } = workload;
  try {
    const canary = await lookAtOwn(cluster, workload);
    await removeCanary(context, counts);
    const removed = `${name} was removed`;
    // Only in a first deployment have the others left it its share by then.
    if (!rolled.has(beside.name)) return [removed];
    return [removed, await replaced(canary?.deployment?.spec?.replicas ?? 1, context)];
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return [`${name} could not be removed: ${messageOf(error)}`, await halted(context)];
  }
}

async function replaced(pods: number, context: KubernetesRollContext): Promise<string> {
  const { workload, beside } = context;
  const { name } = beside;
  try {
    await inPlaceOfCanary(pods, { ...context, workload: beside, beside: workload });
    return `${name} got ${counted(pods, "pod")} in its place`;
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return `${name} did not get ${counted(pods, "pod")} in its place: ${messageOf(error)}`;
  }
}

/** Says what became of going back. If Kubernetes could not be told to, the release that failed must not go on. */
async function wentBack(
  revision: Revision,
  context: KubernetesRollContext,
  evidence: string[],
): Promise<string[]> {
  const { name } = context.workload;
  const { release = "an unknown release" } = revision;
  const { isBegun, stoppedBy } = await goBack(revision, context);
  if (!stoppedBy) return [`${name} went back to ${release}`];
  if (stoppedBy instanceof GateFailed && stoppedBy.evidence.length > 0) {
    evidence.push("Going back failed too:", ...stoppedBy.evidence);
  }
  if (isBegun) return [`going back to ${release} was begun, but not seen to its end: ${stoppedBy.message}`];
  const failed = `${name} could not go back to ${release}: ${stoppedBy.message}`;
  const isHopeless = stoppedBy instanceof LeaseLost || stoppedBy.code === "deployment-gone";
  return isHopeless ? [failed] : [failed, await halted(context)];
}

async function halted(context: KubernetesRollContext): Promise<string> {
  try {
    await halt(context);
    return "no further pod is replaced until the next roll";
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return `Kubernetes could not be kept from replacing further pods: ${messageOf(error)}`;
  }
}
