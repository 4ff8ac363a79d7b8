import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "#rollout/common/errors.ts";
import type { AskedPods } from "./frontPods.ts";
import { frontStatus, servingFronts } from "./frontStatus.ts";

/** Its rights may just have been restored. */
const PATIENCE_MILLISECONDS = 10_000;
const PAUSE_MILLISECONDS = 1_000;

/**
 * Throws if an nginx in front would not hear of new pods: clients would get errors from it once the old ones are gone. If
 * it can't be asked, others find out why.
 */
export async function refuseStale(pods: AskedPods, signal: AbortSignal): Promise<void> {
  for (const began = performance.now(); ; ) {
    const fronts = await servingFronts(pods).catch(() => []);
    const asked = await Promise.allSettled(fronts.map((front) => frontStatus(pods, front)));
    const stale = asked.flatMap((each) => (each.status === "fulfilled" ? (each.value.stale ?? []) : []));
    if (stale.length === 0) return;
    if (performance.now() - began > PATIENCE_MILLISECONDS)
      throw new RollgateError("stale-nginx", stale.join("; "));
    await sleep(PAUSE_MILLISECONDS, undefined, { signal });
  }
}
