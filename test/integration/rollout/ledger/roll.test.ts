import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Phase } from "#rollout/roll/reporter.ts";
import { LocalFleet } from "../../../../harness/localFleet.ts";
import { Traffic, type TrafficReport } from "../../../../harness/traffic.ts";
import { fakeJar, fakeJava } from "../../../support/fakeJava.ts";

const REQUESTS_PER_SECOND = 50;

vi.setConfig({ testTimeout: 90_000 });

/** Two hosts behind one nginx that run 1.0.0, and how to roll them. */
async function newFleet(order: "start-first" | "stop-first") {
  const fleet = await LocalFleet.create(2, undefined, { second: true, order });
  onTestFinished(() => fleet.remove());
  const java = await fakeJava();
  const roll = async (
    behaviour: Parameters<typeof fakeJar>[0],
    onPhase?: (phase: Phase, host?: string) => void,
  ) =>
    fleet.rollHere(await fakeJar(behaviour), onPhase, {
      launch: { java, jvmOptions: [] },
      timing: { soakSeconds: 2 },
    });
  const first = await roll({ version: "1.0.0" });
  expect(first).toMatchObject({ failure: undefined });
  expect(first.lines.at(-1)).toMatch(/^\[ *[\d.]+ s\] fleet +done +no requests during the roll$/);
  expect(first.result?.warnings).toEqual([]);
  return { fleet, roll };
}

/** Nothing is left of a roll's ledger but an empty file. */
async function expectNoTrace(fleet: LocalFleet): Promise<void> {
  expect(await readFile(join(fleet.proxy.directory, "logs/ledger.log"), "utf8")).toBe("");
  await expect(readFile(fleet.flag("_ledger"))).rejects.toThrow("ENOENT");
}

test.each(["start-first", "stop-first"] as const)(
  "a %s roll counts what clients sent, to the request, and ends with a line about it",
  async (order) => {
    const { fleet, roll } = await newFleet(order);
    let clients: Traffic | undefined;
    let sent: Promise<TrafficReport> | undefined;
    const { result, failure, lines } = await roll({ version: "1.1.0" }, (phase, host) => {
      // Once all is counted, and until a moment before the end.
      if (phase === "start" && host === "app-1") clients ??= new Traffic(fleet.url, REQUESTS_PER_SECOND);
      if (phase === "admit" && host === "app-2") sent ??= clients?.stop();
    });
    expect(failure).toBeUndefined();
    const seen = await sent;
    expect(seen?.lost).toEqual([]);
    expect(result?.ledger).toMatchObject({ requests: seen?.sent, lost: 0, errors: 0, cut: 0, retries: 0 });
    expect(lines.at(-1)).toMatch(
      /fleet +done +\d+ requests, 0 lost \(no 502\/503\/504 from nginx, no upstream error\), p99 \d+ ms$/,
    );
    await expectNoTrace(fleet);
  },
);

test("a roll that fails says what clients got, too", async () => {
  const { fleet, roll } = await newFleet("start-first");
  const clients = new Traffic(fleet.url, REQUESTS_PER_SECOND);
  const { failure } = await roll({ version: "1.1.0", exits: 1 });
  expect((await clients.stop()).lost).toEqual([]);
  expect(failure).toMatch(
    /Now: app-1 1\.0\.0-\w+; app-2 1\.0\.0-\w+\. During the roll: \d+ requests, 0 lost \(.*\), p99 \d+ ms.*\.$/,
  );
  await expect(readFile(fleet.flag("_ledger"))).rejects.toThrow("ENOENT");
});
