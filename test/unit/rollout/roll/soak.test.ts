import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { GateFailed } from "#rollout/common/errors.ts";
import { bucketOf } from "../../../../rollout/ledger/latency.ts";
import type { LedgerRow } from "../../../../rollout/ledger/ledgerSums.ts";
import type { Analysis } from "../../../../rollout/request/analysis.ts";
import { soak } from "../../../../rollout/roll/soak.ts";
import { LIMITS } from "../../../support/analysisLimits.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];

function row(slot: string, release: string, requests: number, errors: number): LedgerRow {
  const second = Math.ceil(Date.now() / 1000);
  const latency = { [bucketOf(20)]: requests };
  return { second, slot, release, requests, lost: 0, errors, cut: 0, retries: 0, bytes: 0, latency };
}

/** Soaks app-1, which runs the new release, while nginx counts; rows belong to the time when they are asked for. */
async function soaking(
  rows: () => LedgerRow[],
  { soakSeconds = 0.3, ...limits }: Partial<Analysis & { soakSeconds: number }> = {},
) {
  const fleet = await FakeFleet.create({ "app-1": { runs: NEW }, "app-2": { runs: OLD } });
  const began = performance.now();
  const done: string[] = [];
  const host = fleet.host("app-1");
  const policy = fleet.policy({
    timing: { soakSeconds },
    analysis: { ...LIMITS, ...limits },
  });
  const context = {
    policy,
    counted: { isOn: true, rows, probes: () => [], admittedAt: () => undefined },
    redact: (text: string) => text,
  };
  const signal = new AbortController().signal;
  const onFailure = async () => void done.push("back");
  const result = await soak({ host, slot: host }, NEW, context, signal, { onFailure }).then(
    (message) => ({ message, evidence: [] }),
    ({ message, evidence }: GateFailed) => ({ message, evidence }),
  );
  return { ...result, done, seconds: (performance.now() - began) / 1000 };
}

test("a release that is worse by what clients get ends its soak at once", async () => {
  const rows = () => [row("app-2", OLD, 500, 0), row("app-1", NEW, 400, 20)];
  const { message, evidence, done, seconds } = await soaking(rows, { soakSeconds: 20 });
  expect(message).toMatch(
    /^20 of 400 requests \(5 %\) failed, 0 of 500 requests \(0 %\) with the old release/,
  );
  expect(evidence.at(-1)).toBe("Full log: /srv/app-1/app.log");
  expect(done).toEqual(["back"]);
  expect(seconds).toBeLessThan(5);
});

test("an equal one passes, and the soak says by what", async () => {
  const { message, done } = await soaking(() => [row("app-2", OLD, 500, 0), row("app-1", NEW, 400, 0)]);
  const times = "0 % failed, p50 19 ms, p99 19 ms";
  expect(message).toBe(`stayed healthy; 400 requests, ${times}; the old release: ${times}`);
  expect(done).toEqual([]);
});

test("with too few requests, it passes and the soak says so", async () => {
  const { message } = await soaking(() => [row("app-2", OLD, 500, 0), row("app-1", NEW, 3, 3)]);
  expect(message).toBe("stayed healthy; too few requests to judge (3 of 50)");
});

test("with too few requests, the soak goes on until there are enough, if it may", async () => {
  let asked = 0;
  const rows = () => [row("app-2", OLD, 500, 0), row("app-1", NEW, asked++ < 30 ? 3 : 100, 0)];
  const { message, seconds } = await soaking(rows, { waitSeconds: 20 });
  expect(message).toMatch(/^stayed healthy; 100 requests, /);
  expect(seconds).toBeGreaterThan(0.3);
  expect(seconds).toBeLessThan(10);
  const { message: atLast, seconds: all } = await soaking(() => [], { waitSeconds: 1 });
  expect(atLast).toBe("stayed healthy; too few requests to judge (0 of 50)");
  expect(all).toBeGreaterThan(1.25);
});

describe("a machine whose answers are long on their way", () => {
  async function far(conduct: (asked: number) => boolean) {
    const fleet = await FakeFleet.create({ "app-1": { runs: NEW } });
    const host = fleet.host("app-1");
    const began = performance.now();
    const askedAt: number[] = [];
    host.probe = async () => {
      const at = performance.now() - began;
      askedAt.push(at);
      await sleep(600);
      return { up: conduct(at), detail: "503" };
    };
    const policy = fleet.policy({
      timing: { soakSeconds: 2 },
      health: { passes: 1, intervalMilliseconds: 50 },
    });
    const context = { policy, redact: (text: string) => text };
    const soaking = soak({ host, slot: host }, NEW, context, new AbortController().signal);
    return { soaking, askedAt, seconds: () => (performance.now() - began) / 1000 };
  }

  test("doesn't make the soak longer", async () => {
    const { soaking, askedAt, seconds } = await far(() => true);
    expect(await soaking).toBe("stayed healthy");
    expect(seconds()).toBeGreaterThanOrEqual(1.999);
    expect(seconds()).toBeLessThan(2.5);
    expect(askedAt.at(-1)).toBeGreaterThan(1200);
  });

  test("is not asked once more if a timer is a little early", async () => {
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() * 0.9);
    onTestFinished(() => void vi.restoreAllMocks());
    const { soaking, seconds } = await far(() => true);
    expect(await soaking).toBe("stayed healthy");
    expect(seconds()).toBeLessThan(2.4);
  });

  test("has the last word all the same", async () => {
    const { soaking } = await far((at) => at < 1200);
    await expect(soaking).rejects.toThrow("503 after it was admitted");
  });
});
