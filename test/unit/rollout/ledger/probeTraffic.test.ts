import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ProbeTraffic } from "#rollout/ledger/probeTraffic.ts";
import type { RequestCounter } from "#rollout/ledger/requestCounter.ts";

type Send = NonNullable<RequestCounter["probe"]>;

/** Sends 100 requests a second over these nginx for a while; returns the warnings. */
async function probed(
  senders: readonly (Send | undefined)[],
  milliseconds = 500,
  pauseMilliseconds?: number,
): Promise<string[]> {
  const warnings: string[] = [];
  const counters = senders.map((probe) => ({ probe }));
  const policy = { path: "/api/ping", requestsPerSecond: 100 };
  const traffic = new ProbeTraffic(policy, counters, (message) => warnings.push(message), pauseMilliseconds);
  traffic.begin();
  traffic.begin();
  await sleep(milliseconds);
  await traffic.end();
  return warnings;
}

test("requests are spread over all nginx at the rate that the settings say", async () => {
  const asked: string[] = [];
  const sender = (name: string) => async (path: string) => {
    asked.push(`${name} ${path}`);
    return 200;
  };
  expect(await probed([sender("a"), undefined, sender("b")], 500, 0)).toEqual([]);
  const count = (name: string) => asked.filter((one) => one === `${name} /api/ping`).length;
  expect(asked.length).toBeLessThanOrEqual(52);
  expect(Math.abs(count("a") - count("b"))).toBeLessThanOrEqual(3);
  const before = asked.length;
  expect(before).toBeGreaterThan(5);
  await sleep(50);
  expect(asked).toHaveLength(before);
});

test("an nginx that does not answer is left alone for a moment", async () => {
  let asked = 0;
  const dead = async () => {
    asked++;
    throw new Error("connect ECONNREFUSED");
  };
  expect(await probed([dead], 500, 200)).toEqual([]);
  expect([1, 2]).toContain(asked);
});

test("slow answers don't pile up, and the last ones are waited for", async () => {
  let [open, most, answered] = [0, 0, 0];
  const slow = async () => {
    most = Math.max(most, ++open);
    await sleep(900);
    open--;
    answered++;
    return 200;
  };
  expect(await probed([slow], 800, 0)).toEqual([]);
  expect(most).toBeLessThanOrEqual(50);
  expect(open).toBe(0);
  expect(answered).toBeGreaterThan(5);
});

test.each<[string, number, string[]]>([
  [
    "a page that is not there is a warning",
    404,
    ["probe requests to /api/ping were answered 404, expected 2xx (probeTraffic)"],
  ],
  ["so is a redirect", 302, ["probe requests to /api/ping were answered 302, expected 2xx (probeTraffic)"]],
  ["an error is not, since nginx counts it", 500, []],
])("%s", async (_, status, warnings) => {
  expect(await probed([async () => status], 100, 0)).toEqual(warnings);
});

test("an nginx that can't tell them from clients' requests gets none, and the roll says so", async () => {
  expect(await probed([undefined], 20)).toEqual([
    "no probe requests were sent: no nginx of this stack can tell them from those of clients",
  ]);
});
