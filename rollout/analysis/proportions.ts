/** Some of a number of requests. */
export interface Part {
  readonly some: number;
  readonly of: number;
}

/**
 * How probable it is that at least as many of the first are hits if the hits had been dealt at random among both: Fisher's
 * exact test, one-sided. Small means that the first really are worse.
 */
export function chanceOf(first: Part, second: Part): number {
  const all = first.of + second.of;
  const hits = first.some + second.some;
  const most = Math.min(first.of, hits);
  let sum = 0;
  for (let some = first.some; some <= most; some++) {
    sum += Math.exp(choose(first.of, some) + choose(second.of, hits - some) - choose(all, hits));
  }
  return Math.min(1, sum);
}

/** The share of hits, from 0 to 1. */
export function share({ some, of }: Part): number {
  return of === 0 ? 0 : some / of;
}

/** The logarithm of the number of ways to choose `k` of `n`. */
function choose(n: number, k: number): number {
  return k < 0 || k > n ? Number.NEGATIVE_INFINITY : logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

const KNOWN = [0];

/** By Stirling's series for what is not small, whose error is below 1e-9 then. */
function logFactorial(n: number): number {
  if (n > 100) {
    return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
  }
  for (let next = KNOWN.length; next <= n; next++) KNOWN.push((KNOWN[next - 1] ?? 0) + Math.log(next));
  return KNOWN[n] ?? 0;
}
