import { describe, expect, test } from "vitest";
import { judge } from "../../../../rollout/analysis/judge.ts";
import { chanceOf } from "../../../../rollout/analysis/proportions.ts";
import { trafficOf } from "../../../../rollout/analysis/traffic.ts";
import { bucketOf } from "../../../../rollout/ledger/latency.ts";
import type { LedgerRow } from "../../../../rollout/ledger/ledgerSums.ts";
import { LIMITS } from "../../../support/analysisLimits.ts";

/** Requests whose times are given, as a row. */
function row(milliseconds: readonly number[], errors = 0, second = 0): LedgerRow {
  const latency: Record<number, number> = {};
  for (const each of milliseconds) latency[bucketOf(each)] = (latency[bucketOf(each)] ?? 0) + 1;
  return {
    second,
    slot: "app-1",
    requests: milliseconds.length,
    lost: 0,
    errors,
    cut: 0,
    retries: 0,
    bytes: 0,
    latency,
  };
}

/** The same draws in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/** Times as a busy application has them: most near 20 ms, some far above. */
function times(count: number, draw: () => number, factor = 1): number[] {
  return Array.from(
    { length: count },
    () => factor * (15 + 10 * draw() + (draw() > 0.97 ? 200 * draw() : 0)),
  );
}

describe("a release is worse", () => {
  test("if 5 % of its requests fail, as soon as a few hundred were counted", () => {
    const draw = random(1);
    const verdict = judge(trafficOf([row(times(400, draw), 20)]), trafficOf([row(times(400, draw))]), LIMITS);
    expect(verdict).toEqual({
      kind: "worse",
      message:
        "20 of 400 requests (5 %) failed, 0 of 400 requests (0 %) with the old release; 1 % more may (errorRateIncrease)",
    });
  });

  test("if it takes ten times as long", () => {
    const draw = random(2);
    const verdict = judge(trafficOf([row(times(60, draw, 10))]), trafficOf([row(times(60, draw))]), LIMITS);
    expect(verdict.kind).toBe("worse");
    expect(verdict.message).toMatch(
      /^its p50 is 2\d\d ms, 2\d ms with the old release; at most 3 times is allowed/,
    );
  });

  test("if only its slowest requests take much longer", () => {
    const draw = random(3);
    const slow = times(1000, draw).map((each, index) => (index % 25 === 0 ? 3000 : each));
    const verdict = judge(trafficOf([row(slow)]), trafficOf([row(times(1000, draw))]), LIMITS);
    expect(verdict.message).toMatch(/^its p99 is \d{4} ms, /);
  });

  test("beyond a limit that holds by itself, without anything to compare it with", () => {
    const none = trafficOf([]);
    const limits = { ...LIMITS, maxErrorRate: 0.1, maxP99Milliseconds: 100 };
    expect(judge(trafficOf([row(Array(200).fill(20), 100)]), none, limits).message).toBe(
      "100 of 200 requests (50 %) failed, at most 10 % may (maxErrorRate)",
    );
    expect(judge(trafficOf([row(Array(200).fill(400))]), none, limits).message).toMatch(
      /^its p99 is \d{3} ms, at most 100 ms are allowed \(maxP99Milliseconds\)$/,
    );
    expect(judge(trafficOf([row(Array(200).fill(20))]), none, limits).kind).toBe("equal");
  });
});

describe("a release is not judged", () => {
  test("by three requests, even if all fail", () => {
    const old = trafficOf([row(Array(500).fill(20))]);
    expect(judge(trafficOf([row([20, 20, 20], 3)]), old, LIMITS)).toEqual({
      kind: "undecided",
      message: "too few requests to judge (3 of 50)",
    });
  });

  test("by latencies of the time that doesn't count", () => {
    const old = trafficOf([row(Array(500).fill(20))]);
    const fresh = [row(Array(100).fill(900), 0, 10), row(Array(100).fill(20), 0, 20)];
    expect(judge(trafficOf(fresh, 15), old, LIMITS).kind).toBe("equal");
    expect(judge(trafficOf(fresh), old, LIMITS).kind).toBe("worse");
  });
});

describe("an equal release", () => {
  test("passes every look of 100 soaks, in spite of noise and of errors that both have", () => {
    const verdicts = Array.from({ length: 100 }, (_, seed) => {
      const draw = random(seed + 10);
      const rows: [LedgerRow[], LedgerRow[]] = [[], []];
      return Array.from({ length: 30 }, () => {
        for (const side of rows) {
          const taken = times(20 + Math.round(20 * draw()), draw);
          side.push(row(taken, taken.filter(() => draw() < 0.03).length));
        }
        return judge(trafficOf(rows[0]), trafficOf(rows[1]), LIMITS).kind;
      });
    });
    expect(verdicts.flat().filter((kind) => kind === "worse")).toEqual([]);
    expect(verdicts.flat()).toContain("equal");
  });

  test("is not worse by milliseconds that no client would notice", () => {
    const old = trafficOf([row(Array(500).fill(1))]);
    expect(judge(trafficOf([row(Array(500).fill(6))]), old, LIMITS).kind).toBe("equal");
  });

  test("is described with what was seen", () => {
    const traffic = trafficOf([row(Array(1200).fill(20), 6)]);
    expect(judge(traffic, traffic, LIMITS)).toEqual({
      kind: "equal",
      message:
        "1,200 requests, 0.5 % failed, p50 19 ms, p99 19 ms; the old release: 0.5 % failed, p50 19 ms, p99 19 ms",
    });
    expect(judge(traffic, trafficOf([]), LIMITS).message).toContain("nothing to compare it with");
  });
});

test.each([
  // By R: fisher.test(matrix(c(a, n1 - a, b, n2 - b), 2), alternative = "greater")$p.value
  [{ some: 3, of: 4 }, { some: 1, of: 4 }, 0.242857],
  [{ some: 10, of: 100 }, { some: 2, of: 100 }, 0.01652],
  [{ some: 0, of: 10 }, { some: 5, of: 10 }, 1],
] as const)("the chance of %o against %o is that of Fisher's test", (first, second, chance) => {
  expect(chanceOf(first, second)).toBeCloseTo(chance, 4);
});
