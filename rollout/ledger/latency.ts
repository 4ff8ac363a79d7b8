import type { Latency } from "./ledgerSums.ts";

/** Each bucket's limit is this many times the one before, so that a percentile is right within 8 %. */
const GROWTH = 1.08;

/** The bucket of a latency: 0 for less than a millisecond, as nginx measures no shorter times. */
export function bucketOf(milliseconds: number): number {
  return milliseconds < 1 ? 0 : 1 + Math.floor(Math.log(milliseconds) / Math.log(GROWTH));
}

/** The latency, in milliseconds, that no more than this share (0 to 1) exceeds; `undefined` without a request. */
export function percentile(latency: Latency, share: number): number | undefined {
  const buckets = Object.entries(latency)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .toSorted(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= total * share) return limitOf(bucket);
  }
  return undefined;
}

/** How many took longer, as far as the buckets tell. */
export function slowerThan(latency: Latency, milliseconds: number): number {
  return Object.entries(latency)
    .filter(([bucket]) => limitOf(Number(bucket)) > milliseconds)
    .reduce((sum, [, count]) => sum + count, 0);
}

/** Adds several latencies up. */
export function added(latencies: readonly Latency[]): Latency {
  const sums: Record<number, number> = {};
  for (const [bucket, count] of latencies.flatMap((each) => Object.entries(each))) {
    sums[Number(bucket)] = (sums[Number(bucket)] ?? 0) + count;
  }
  return sums;
}

/** In the middle of a bucket, in milliseconds. */
function limitOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(GROWTH ** (bucket - 0.5));
}
