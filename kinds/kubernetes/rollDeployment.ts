import { RollgateError } from "#rollout/common/errors.ts";
import { secondsSince } from "#rollout/common/secondsSince.ts";
import { RollHooks } from "#rollout/hooks/rollHooks.ts";
import { Lease } from "#rollout/lease/lease.ts";
import type { RollOptions, RollResult } from "#rollout/roll/roll.ts";
import { type RollPolicy, reportTo } from "#rollout/roll/rollContext.ts";
import type { DesiredRelease } from "#rollout/roll/targets.ts";
import { canaryBeside } from "./canaryBeside.ts";
import type { Cluster } from "./cluster.ts";
import { ClusterLeaseStore } from "./clusterLeaseStore.ts";
import { tidyUp } from "./finishRoll.ts";
import { PodCounts } from "./podCounts.ts";
import { preflight, untouched } from "./preflightRoll.ts";
import type { KubernetesRollContext } from "./rollContext.ts";
import { rollInTurn } from "./rollInTurn.ts";
import { warnUnaddressed } from "./warnUnaddressed.ts";
import type { Workload } from "./workload.ts";

/**
 * Lets Kubernetes bring a workload and its canary to their releases and judges the result. Resume, retry, repair and first
 * deployment are the same: what is there is looked at, a Deployment is stored unless it is stored already, and its pods
 * are followed.
 */
export async function rollDeployment(
  cluster: Cluster,
  workload: Workload,
  desired: DesiredRelease,
  policy: RollPolicy,
  options: RollOptions,
): Promise<RollResult> {
  const warnings: string[] = [];
  const context: Context = {
    cluster,
    workload,
    beside: canaryBeside(workload),
    policy,
    report: reportTo(options.reporter),
    redact: options.redact ?? ((text) => text),
    warn: (message) => void warnings.push(message),
  };
  const facts = { stack: options.stack ?? "", desired, hooks: policy.hooks ?? {} };
  const hooks = new RollHooks(facts, { ...context, proxy: workload });
  try {
    return await rollOnce(desired, { ...context, hooks, warnings }, options);
  } catch (error) {
    if (error instanceof RollgateError) await hooks.onFailure(error);
    throw error;
  }
}

/** The parts of a context that need no lease. */
type Context = Omit<KubernetesRollContext, "hooks" | "rolled" | "watches" | "signal" | "assertHeld">;

interface Parts extends Context, Pick<KubernetesRollContext, "hooks"> {
  readonly warnings: string[];
}

async function rollOnce(
  desired: DesiredRelease,
  { warnings, ...parts }: Parts,
  options: RollOptions,
): Promise<RollResult> {
  const began = performance.now();
  const { cluster, workload, policy, report } = parts;
  await preflight(desired, parts, options.signal);
  report("preflight", `${cluster.server} is ready, ${workload.service} is there`);
  const leases = new ClusterLeaseStore(cluster, workload, options.leaseTiming);
  const lease = await Lease.acquire(leases, options.owner, options.leaseTiming, {
    signal: options.signal,
    onWait: ({ owner, since }) =>
      report("preflight", `${owner} has been rolling this fleet since ${since}; waiting`),
  }).catch(untouched);
  const deadline = AbortSignal.timeout(policy.timing.rollDeadlineSeconds * 1000);
  const context: KubernetesRollContext = {
    ...parts,
    rolled: new Set(),
    watches: { isAllowed: true },
    signal: AbortSignal.any([options.signal, lease.signal, deadline]),
    assertHeld: () => lease.assertHeld(),
  };
  const counts = new PodCounts(cluster, workload, policy, { session: lease.generation, warn: parts.warn });
  try {
    await counts.begin();
    counts.rollBegins();
    warnings.push(...unjudged(policy, counts));
    const rolled = await rollInTurn(desired, counts, context, options.onFirstLook);
    await counts.end();
    await tidyUp(context);
    await warnUnaddressed(context);
    await context.hooks.afterRoll();
    for (const warning of warnings) report("warning", warning);
    const [described, ledger] = [counts.describe(), counts.figures()];
    if (described !== undefined) report("done", described);
    return {
      release: desired.release,
      rolled,
      durationSeconds: secondsSince(began),
      ...(ledger && { ledger }),
      warnings,
    };
  } finally {
    await counts.end();
    const counted = counts.counted();
    if (counted) options.onCounted?.(counted);
    // A lease that cannot be released expires by itself; the outcome so far matters more.
    await lease.release().catch(() => {});
  }
}

function unjudged({ analysis }: RollPolicy, counts: PodCounts): string[] {
  if (!analysis || counts.isOn) return [];
  return ["nothing was counted, so nothing was judged by it (analysis): set expose.nginx or probeTraffic"];
}
