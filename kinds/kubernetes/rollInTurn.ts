import type { TouchedHost } from "#rollout/roll/rollAll.ts";
import type { FirstLook } from "#rollout/roll/rollContext.ts";
import { type DesiredRelease, targetOf } from "#rollout/roll/targets.ts";
import { lookAtOwn } from "./canaryBeside.ts";
import { noteGood } from "./finishRoll.ts";
import type { PodCounts } from "./podCounts.ts";
import { untouched } from "./preflightRoll.ts";
import { replacePods } from "./replacePods.ts";
import type { KubernetesRollContext } from "./rollContext.ts";
import { withdrawCanary } from "./withdrawCanary.ts";

/**
 * Brings a declared canary and then the others to their releases; a canary that is not declared any more goes last. So
 * the others give up pods only once the canary has passed its gates, and there are never fewer pods than wanted. Only if
 * there are no others yet, they come first.
 */
export async function rollInTurn(
  desired: DesiredRelease,
  counts: PodCounts | undefined,
  main: KubernetesRollContext,
  onFirstLook: FirstLook | undefined,
): Promise<TouchedHost[]> {
  const canary = { ...main, workload: main.beside, beside: main.workload };
  const isDeclared = main.workload.canary !== undefined;
  const before = await lookBefore([main, canary], counts).catch(untouched);
  onFirstLook?.(Object.fromEntries(before));
  const isFirst = !before.some(([name]) => name === main.workload.name);
  const rolled: TouchedHost[] = [];
  const inTurn = isFirst ? [main, canary] : [canary, main];
  for (const context of isDeclared ? inTurn : [main]) {
    const target = targetOf(desired, context.workload.name);
    rolled.push(...(await replacePods(target, counts, context)));
    await noteGood(context);
    context.rolled.add(context.workload.name);
  }
  if (!isDeclared) await withdrawCanary(canary, counts);
  return rolled;
}

/** The releases that workloads run, by their names. */
async function lookBefore(
  contexts: readonly KubernetesRollContext[],
  counts: PodCounts | undefined,
): Promise<(readonly [workload: string, release: string])[]> {
  const releases = contexts.map(async ({ cluster, workload }) => {
    const look = await lookAtOwn(cluster, workload);
    if (look) counts?.follow(look.pods, workload.name, true);
    const release = look?.current?.release;
    return release === undefined ? [] : [[workload.name, release] as const];
  });
  return (await Promise.all(releases)).flat();
}
