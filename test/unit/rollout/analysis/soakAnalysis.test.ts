import { expect, test } from "vitest";
import { SoakAnalysis } from "../../../../rollout/analysis/soakAnalysis.ts";
import { bucketOf } from "../../../../rollout/ledger/latency.ts";
import type { LedgerRow } from "../../../../rollout/ledger/ledgerSums.ts";
import { LIMITS as ALL_COUNT } from "../../../support/analysisLimits.ts";

const LIMITS = { ...ALL_COUNT, ignoreSeconds: 5 };
const ADMITTED = 1_000_000;

/** A slot's rows: the same in each second from the first one on, until before the last. */
function rowsOf(
  slot: string,
  release: string,
  [from, to]: readonly [number, number],
  { perSecond = 50, errors = 0, milliseconds = 20 } = {},
): LedgerRow[] {
  return Array.from({ length: to - from }, (_, index) => ({
    second: from + index,
    slot,
    release,
    requests: perSecond,
    lost: 0,
    errors,
    cut: 0,
    retries: 0,
    bytes: 0,
    latency: { [bucketOf(milliseconds)]: perSecond },
  }));
}

/** `app-2_b` was admitted earlier in this roll. */
const COUNTED = {
  isOn: true,
  admittedAt: (slot: string) => (slot === "app-2_b" ? (ADMITTED - 10) * 1000 : undefined),
};

function look(...rows: readonly LedgerRow[][]) {
  return lookAt(rows.flat(), []);
}

function lookAt(rows: readonly LedgerRow[], probes: readonly LedgerRow[]) {
  const judged = { slot: "app-1_b", release: "2.0.0", admitted: ADMITTED * 1000 };
  return new SoakAnalysis({ ...COUNTED, rows: () => rows, probes: () => probes }, LIMITS, judged).look();
}

test("a slot is held against the old release on other hosts, in the same seconds", () => {
  const busy = rowsOf("app-2", "1.0.0", [ADMITTED, ADMITTED + 20], { milliseconds: 300 });
  const calm = rowsOf("app-2", "1.0.0", [ADMITTED - 60, ADMITTED], { milliseconds: 20 });
  const fresh = rowsOf("app-1_b", "2.0.0", [ADMITTED, ADMITTED + 20], { milliseconds: 300 });
  expect(look(calm, busy, fresh).kind).toBe("equal");
  expect(look(calm, fresh).kind).toBe("worse");
});

test("where no host runs the old release any more, it is held against the time before", () => {
  const before = rowsOf("app-1", "1.0.0", [ADMITTED - 30, ADMITTED - 1]);
  const others = rowsOf("app-2_b", "2.0.0", [ADMITTED, ADMITTED + 20], { errors: 5 });
  const fresh = rowsOf("app-1_b", "2.0.0", [ADMITTED, ADMITTED + 20], { errors: 5 });
  expect(look(before, others, fresh)).toEqual({
    kind: "worse",
    message:
      "100 of 1,000 requests (10 %) failed, 0 of 1,450 requests (0 %) with the old release; 1 % more may (errorRateIncrease)",
  });
});

test("its first seconds count for errors, and not for latencies", () => {
  const old = rowsOf("app-2", "1.0.0", [ADMITTED, ADMITTED + 20]);
  const cold = rowsOf("app-1_b", "2.0.0", [ADMITTED, ADMITTED + 5], { milliseconds: 900 });
  const warm = rowsOf("app-1_b", "2.0.0", [ADMITTED + 5, ADMITTED + 20]);
  expect(look(old, cold, warm).kind).toBe("equal");
  expect(look(old, rowsOf("app-1_b", "2.0.0", [ADMITTED, ADMITTED + 2], { errors: 25 })).kind).toBe("worse");
});

test("what it ran before it was admitted isn't its own", () => {
  const old = rowsOf("app-2", "1.0.0", [ADMITTED, ADMITTED + 20]);
  const earlier = rowsOf("app-1_b", "1.0.0", [ADMITTED - 30, ADMITTED], { errors: 50 });
  expect(look(old, earlier, rowsOf("app-1_b", "2.0.0", [ADMITTED, ADMITTED + 20])).kind).toBe("equal");
});

test("if only options change, the slots whose turn has not come are the old release", () => {
  const waiting = rowsOf("app-3", "2.0.0", [ADMITTED - 30, ADMITTED + 20]);
  const done = rowsOf("app-2_b", "2.0.0", [ADMITTED - 10, ADMITTED + 20], { errors: 5 });
  const fresh = rowsOf("app-1_b", "2.0.0", [ADMITTED, ADMITTED + 20], { errors: 5 });
  expect(look(waiting, done, fresh)).toMatchObject({
    kind: "worse",
    message: expect.stringContaining("0 of 1,000 requests (0 %) with the old release"),
  });
});

test("with hardly any traffic, it is not judged", () => {
  const old = rowsOf("app-2", "1.0.0", [ADMITTED, ADMITTED + 20]);
  const fresh = rowsOf("app-1_b", "2.0.0", [ADMITTED, ADMITTED + 3], { perSecond: 1, errors: 1 });
  expect(look(old, fresh)).toEqual({ kind: "undecided", message: "too few requests to judge (3 of 50)" });
});

test("with too few clients it is judged by the roll's own requests, against others of these alone", () => {
  const during = [ADMITTED, ADMITTED + 20] as const;
  const few = rowsOf("app-1_b", "2.0.0", during, { perSecond: 1, milliseconds: 900 });
  const clients = [...rowsOf("app-2", "1.0.0", during, { milliseconds: 900 }), ...few];
  const old = rowsOf("app-2", "1.0.0", during, { perSecond: 10 });
  const good = rowsOf("app-1_b", "2.0.0", during, { perSecond: 10 });
  const bad = rowsOf("app-1_b", "2.0.0", during, { perSecond: 10, errors: 2 });
  expect(lookAt(clients, [...old, ...good])).toEqual({
    kind: "equal",
    message:
      "by probe requests: 200 requests, 0 % failed, p50 19 ms, p99 19 ms; the old release: 0 % failed, p50 19 ms, p99 19 ms",
  });
  expect(lookAt(clients, [...old, ...bad])).toEqual({
    kind: "worse",
    message:
      "by probe requests: 40 of 200 requests (20 %) failed, 0 of 200 requests (0 %) with the old release; 1 % more may (errorRateIncrease)",
  });
  expect(lookAt(clients, rowsOf("app-1_b", "2.0.0", during, { perSecond: 2 }))).toEqual({
    kind: "undecided",
    message: "too few requests to judge (20 of 50); by probe requests: too few requests to judge (40 of 50)",
  });
  const many = [...rowsOf("app-2", "1.0.0", during), ...rowsOf("app-1_b", "2.0.0", during)];
  expect(lookAt(many, [...old, ...bad]).kind).toBe("equal");
});
