import { expect, test } from "vitest";
import { describeLedger } from "#rollout/ledger/describeLedger.ts";
import { figuresOf } from "#rollout/ledger/figures.ts";
import { bucketOf } from "#rollout/ledger/latency.ts";
import type { LedgerRow } from "#rollout/ledger/ledgerSums.ts";

/** A second in which every request took this long. */
function row(
  second: number,
  requests: number,
  milliseconds: number,
  more: Partial<LedgerRow> = {},
): LedgerRow {
  const nothing = { lost: 0, errors: 0, cut: 0, retries: 0, bytes: 0 };
  return { second, requests, ...nothing, latency: { [bucketOf(milliseconds)]: requests }, ...more };
}

const BEFORE = row(90, 400, 58);

test("a roll without losses says how many requests there were and how long they took, before and during it", () => {
  const rows = [BEFORE, row(100, 48_000, 20), row(101, 1_000, 62)];
  expect(describeLedger(rows, 100)).toBe(
    "49,000 requests, 0 lost (no 502/503/504 from nginx, no upstream error), p99 61 ms (before: 57 ms)",
  );
});

test("too few requests before the roll say nothing about before", () => {
  expect(describeLedger([row(90, 99, 58), row(100, 1, 20)], 100)).toBe(
    "1 request, 0 lost (no 502/503/504 from nginx, no upstream error), p99 19 ms",
  );
});

test("losses, tries, cut answers and the errors of each release are told apart", () => {
  const rows = [
    row(100, 1_000, 20, { release: "1.0.0-a", errors: 1 }),
    row(101, 1_000, 20, { release: "1.1.0-b", errors: 3, cut: 2, retries: 1 }),
    row(102, 3, 20, { lost: 3 }),
  ];
  expect(describeLedger(rows, 100)).toBe(
    "2,003 requests, 3 lost (502/503/504 from nginx, 1 retry on another host), 2 cut short, by the client or the application, 1 error from 1.0.0-a, 3 errors from 1.1.0-b, p99 19 ms",
  );
});

test("a roll without traffic says so, whatever came before", () => {
  expect(describeLedger([BEFORE], 100)).toBe("no requests during the roll");
  expect(figuresOf([BEFORE], 100)).toEqual({
    requests: 0,
    lost: 0,
    errors: 0,
    cut: 0,
    retries: 0,
    p99BeforeMilliseconds: 57,
  });
});

test("the roll's own requests are told apart, and are in no other figure", () => {
  const probes = [row(99, 5, 20), row(100, 300, 900), row(101, 12, 900, { lost: 1, errors: 2 })];
  const clients = [row(100, 1_000, 20)];
  expect(describeLedger(clients, 100, probes)).toBe(
    "1,000 requests, 0 lost (no 502/503/504 from nginx, no upstream error), p99 19 ms, + 312 probe requests, 1 lost, 2 errors",
  );
  expect(describeLedger([], 100, probes.slice(0, 2))).toBe(
    "no requests during the roll + 300 probe requests, 0 lost",
  );
  expect(describeLedger(clients, 100, probes.slice(0, 1))).not.toContain("probe");
  expect(figuresOf(clients, 100, probes)).toMatchObject({
    requests: 1_000,
    lost: 0,
    probes: { requests: 312, lost: 1, errors: 2 },
  });
});
