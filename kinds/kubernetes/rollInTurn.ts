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
 * the others give up pods only once the canary has passed its gates, and there are never fewer pods than wanted.
 */
export async function rollInTurn(
  desired: DesiredRelease,
  counts: PodCounts | undefined,
  main: KubernetesRollContext,
  onFirstLook: FirstLook | undefined,
): Promise<TouchedHost[]> {
  const canary = { ...main, workload: main.beside, beside: main.workload };
  const isDeclared = main.workload.canary !== undefined;
  await lookBefore([main, canary], counts, onFirstLook).catch(untouched);
  const rolled: TouchedHost[] = [];
  for (const context of isDeclared ? [canary, main] : [main]) {
    const target = targetOf(desired, context.workload.name);
    rolled.push(...(await replacePods(target, counts, context)));
    await noteGood(context);
  }
  if (!isDeclared) await withdrawCanary(canary);
  return rolled;
}

async function lookBefore(
  contexts: readonly KubernetesRollContext[],
  counts: PodCounts | undefined,
  onFirstLook: FirstLook | undefined,
): Promise<void> {
  if (!counts && !onFirstLook) return;
  const releases = contexts.map(async ({ cluster, workload }) => {
    const look = await lookAtOwn(cluster, workload);
    if (look) counts?.follow(look.pods, workload.name, true);
    const release = look?.current?.release;
    return release === undefined ? [] : [[workload.name, release] as const];
  });
  onFirstLook?.(Object.fromEntries((await Promise.all(releases)).flat()));
}
