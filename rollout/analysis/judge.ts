import { digits } from "../common/digits.ts";
import { percentile } from "../ledger/latency.ts";
import type { Latency } from "../ledger/ledgerSums.ts";
import type { Analysis } from "../request/analysis.ts";
import { chanceOf, type Part, share } from "./proportions.ts";
import { slowPart, type Traffic } from "./traffic.ts";

/**
 * A difference counts if equal releases would show it once in so many looks. A soak has dozens of looks, and all of its
 * rolls must pass.
 */
const CHANCE = 1e-5;
/** Differences of less than that are noise of a busy machine, whatever their factor is. */
const LEAST_MILLISECONDS = 10;
/** A p99 is made of at least so many requests beyond it. */
const BEYOND_P99 = 5;

/** What is thought of a release: `undecided` if there were too few requests to judge it by. */
export type Verdict =
  | { readonly kind: "equal" | "undecided"; readonly message: string }
  | { readonly kind: "worse"; readonly message: string };

/** Holds what clients got from the new release against what they got from the old one. */
export function judge(fresh: Traffic, old: Traffic, limits: Analysis): Verdict {
  const { minimumRequests } = limits;
  if (fresh.requests < minimumRequests) {
    return {
      kind: "undecided",
      message: `too few requests to judge (${fresh.requests} of ${minimumRequests})`,
    };
  }
  const reasons = [
    ...absoluteErrors(fresh, limits),
    ...absoluteLatency(fresh, limits),
    ...(old.requests < minimumRequests
      ? []
      : [...errors(fresh, old, limits), ...latencies(fresh, old, limits)]),
  ];
  if (reasons.length > 0) return { kind: "worse", message: reasons.join("; ") };
  return { kind: "equal", message: describe(fresh, old) };
}

function absoluteErrors({ failed }: Traffic, { maxErrorRate }: Analysis): string[] {
  if (maxErrorRate === undefined) return [];
  // Against as many requests of which just the allowed share failed.
  const allowed = { some: Math.round(failed.of * maxErrorRate), of: failed.of };
  if (share(failed) <= maxErrorRate || chanceOf(failed, allowed) > CHANCE) return [];
  return [`${failures(failed)} failed, at most ${percent(maxErrorRate)} may (maxErrorRate)`];
}

function absoluteLatency({ latency }: Traffic, { maxP99Milliseconds: most }: Analysis): string[] {
  if (most === undefined) return [];
  const p99 = percentile(latency, 0.99);
  const slow = slowPart(latency, most);
  if (p99 === undefined || p99 <= most || slow.some < BEYOND_P99) return [];
  return [`its p99 is ${p99} ms, at most ${most} ms are allowed (maxP99Milliseconds)`];
}

function errors(fresh: Traffic, old: Traffic, { errorRateIncrease }: Analysis): string[] {
  const isMore = share(fresh.failed) > share(old.failed) + errorRateIncrease;
  if (!isMore || chanceOf(fresh.failed, old.failed) > CHANCE) return [];
  const allowed = `${percent(errorRateIncrease)} more may (errorRateIncrease)`;
  return [`${failures(fresh.failed)} failed, ${failures(old.failed)} with the old release; ${allowed}`];
}

/** Each percentile is judged by how many requests of either release took longer than is allowed. */
function latencies(fresh: Traffic, old: Traffic, { latencyFactor }: Analysis): string[] {
  return (
    [
      ["p50", 0.5],
      ["p99", 0.99],
    ] as const
  ).flatMap(([name, rank]) => {
    const [now, before] = [percentile(fresh.latency, rank), percentile(old.latency, rank)];
    if (now === undefined || before === undefined) return [];
    const allowed = Math.max(before * latencyFactor, before + LEAST_MILLISECONDS);
    const [slow, slowBefore] = [slowPart(fresh.latency, allowed), slowPart(old.latency, allowed)];
    if (now <= allowed || slow.some < BEYOND_P99 || chanceOf(slow, slowBefore) > CHANCE) return [];
    return [
      `its ${name} is ${now} ms, ${before} ms with the old release; at most ${latencyFactor} times is allowed (latencyFactor)`,
    ];
  });
}

function describe(fresh: Traffic, old: Traffic): string {
  const one = ({ failed, latency }: Traffic) => `${percent(share(failed))} failed, ${times(latency)}`;
  const against = old.requests === 0 ? "nothing to compare it with" : `the old release: ${one(old)}`;
  return `${digits(fresh.requests)} requests, ${one(fresh)}; ${against}`;
}

function times(latency: Latency): string {
  return `p50 ${percentile(latency, 0.5) ?? "-"} ms, p99 ${percentile(latency, 0.99) ?? "-"} ms`;
}

function failures(part: Part): string {
  return `${digits(part.some)} of ${digits(part.of)} requests (${percent(share(part))})`;
}

function percent(part: number): string {
  return `${(part * 100).toLocaleString("en", { maximumFractionDigits: 2 })} %`;
}
