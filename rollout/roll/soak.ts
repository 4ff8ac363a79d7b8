import { setTimeout as sleep } from "node:timers/promises";
import type { Verdict } from "../analysis/judge.ts";
import { SoakAnalysis } from "../analysis/soakAnalysis.ts";
import { SoakChecks } from "../analysis/soakChecks.ts";
import { GateFailed } from "../common/errors.ts";
import type { Slot } from "../host/appHost.ts";
import { askRunning, ENDED } from "./askRunning.ts";
import { evidence } from "./evidence.ts";
import { factsOf } from "./factsOf.ts";
import type { Place } from "./gates.ts";
import type { RollContext } from "./rollContext.ts";

/** How long before the end of a soak its last question may be asked, so that it ends with the answer. */
const LAST_MILLISECONDS = 1_000;

/** Who hears what of a soak. */
export interface SoakListener {
  /** Comes before anything else once it fails, since reading a log may take long. */
  readonly onFailure?: () => Promise<void>;
  /** The last question is on its way: about a round trip later, the soak is over. */
  readonly onLast?: (() => void) | undefined;
}

type Context = Pick<RollContext, "policy" | "counted" | "redact">;

/**
 * Watches a slot under traffic for some time; fails if it becomes unhealthy, serves clients worse than the old release or
 * fails a check, and ends early when asked to stop. Returns what it saw.
 */
export async function soak(
  place: Place,
  release: string,
  context: Context,
  signal: AbortSignal,
  { onFailure, onLast }: SoakListener = {},
): Promise<string> {
  const checks = new SoakChecks(context.policy.analysisChecks ?? [], factsOf(place, release));
  try {
    const verdict = await watch(place.slot, release, { ...context, checks }, signal, onLast);
    return ["stayed healthy", verdict?.message, checks.describe()].filter(Boolean).join("; ");
  } catch (error) {
    if (!(error instanceof GateFailed)) throw error;
    await onFailure?.();
    throw new GateFailed(error.code, error.message, await evidence(place.slot, context.redact));
  } finally {
    await checks.stop();
  }
}

/** Returns what is thought of it by what nginx counted, unless nobody judges by that. */
async function watch(
  slot: Slot,
  release: string,
  { checks, ...context }: Context & { readonly checks: SoakChecks },
  signal: AbortSignal,
  onLast?: () => void,
): Promise<Verdict | undefined> {
  const { health, timing } = context.policy;
  const analysis = analysisOf(slot, release, context);
  const until = performance.now() + timing.soakSeconds * 1000;
  let failures = 0;
  let took = 0;
  let verdict = analysis?.look();
  const isOver = () => performance.now() >= until + waitOf(verdict, context) * 1000;
  while (!isOver() && !signal.aborted) {
    const now = performance.now();
    // The last answer should be there when the time is over, and no other one should come in between.
    const isLast = now < until && now + health.intervalMilliseconds + took > until - took;
    await sleep(isLast ? Math.max(0, until - took - now) : health.intervalMilliseconds);
    const began = performance.now();
    if (isLast && waitOf(verdict, context) === 0) onLast?.();
    const asked = await askRunning(slot, release, new AbortController().signal);
    took = Math.min(LAST_MILLISECONDS, performance.now() - began);
    const isUp = asked !== "exited" && asked.up;
    // A timer may be a little early, and the application would be asked once more.
    while (isLast && isUp && performance.now() < until) await sleep(until - performance.now());
    failures = isUp ? 0 : failures + 1;
    verdict = analysis?.look();
    if (verdict?.kind === "worse") throw new GateFailed("worse", verdict.message);
    refuse(checks);
    if (asked === "exited") throw new GateFailed("exited", ENDED);
    // One failure may be a hiccup under load; as many in a row as the gate requires passes are not.
    if (failures < health.passes) continue;
    throw new GateFailed("unhealthy", `${asked.detail} after it was admitted`);
  }
  if (!signal.aborted) await checks.finish();
  refuse(checks);
  return verdict;
}

function refuse({ failure }: SoakChecks): void {
  if (failure) throw new GateFailed(failure.code, failure.message);
}

/** By what nginx counts; on the way back, the release is known. */
function analysisOf(
  slot: Slot,
  release: string,
  { counted, policy }: Pick<RollContext, "policy" | "counted">,
): SoakAnalysis | undefined {
  if (!counted?.isOn || !policy.analysis) return undefined;
  return new SoakAnalysis(counted, policy.analysis, { slot: slot.name, release, admitted: Date.now() });
}

/** How many seconds a soak may go on while there are too few requests. */
function waitOf(verdict: Verdict | undefined, { policy }: Pick<RollContext, "policy">): number {
  return verdict?.kind === "undecided" ? (policy.analysis?.waitSeconds ?? 0) : 0;
}
