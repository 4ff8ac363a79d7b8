import { expect, onTestFinished, test, vi } from "vitest";
import { identifyJar } from "#rollout/release/jar.ts";
import type { Phase } from "#rollout/roll/reporter.ts";
import { LocalFleet } from "../../harness/localFleet.ts";
import { Traffic, type TrafficReport } from "../../harness/traffic.ts";
import { market } from "../support/market.ts";

const REQUESTS_PER_SECOND = 200;

vi.setConfig({ testTimeout: 240_000 });

/** Two hosts that run 1.0.0, and a roll during which clients send requests: all of them are counted. */
async function newFleet() {
  const fleet = await LocalFleet.create(2, undefined, { second: true });
  onTestFinished(() => fleet.remove());
  const jars = await Promise.all(
    ["1.0.0", "1.1.0"].map(async (version) => identifyJar((await market({ version })).jar)),
  );
  const rollTo = async (
    index: number,
    order: "start-first" | "stop-first",
    onPhase: (phase: Phase, host?: string) => void = () => {},
  ) => {
    const jar = jars[index % 2];
    if (!jar) throw new Error("there is no such jar");
    let clients: Traffic | undefined;
    let sent: Promise<TrafficReport> | undefined;
    const rolled = await fleet.rollHere(
      jar,
      (phase, host) => {
        // Once all is counted, and until a moment before the end.
        if (phase === "start" && host === "app-1") clients ??= new Traffic(fleet.url, REQUESTS_PER_SECOND);
        if (phase === "admit" && host === "app-2") sent ??= clients?.stop();
        onPhase(phase, host);
      },
      { order, timing: { soakSeconds: 2 } },
    );
    const seen = await (sent ?? clients?.stop());
    return { ...rolled, seen };
  };
  expect((await rollTo(0, "stop-first")).failure).toBeUndefined();
  return { fleet, rollTo };
}

test("in five rolls of real JVMs, nginx counts what clients sent, to the request", async () => {
  const { rollTo } = await newFleet();
  for (const index of [1, 2, 3, 4, 5]) {
    const order = index % 2 === 1 ? "start-first" : "stop-first";
    const { failure, result, seen } = await rollTo(index, order);
    expect(failure).toBeUndefined();
    expect(seen?.lost).toEqual([]);
    expect(seen?.sent).toBeGreaterThan(REQUESTS_PER_SECOND);
    expect(result?.ledger).toMatchObject({ requests: seen?.sent, lost: 0, errors: 0, cut: 0 });
    console.log(`${order}: ${seen?.sent} sent, ${result?.ledger?.requests} counted`);
  }
});

test("what clients lose while no JVM is left, nginx counts as lost", async () => {
  const { fleet, rollTo } = await newFleet();
  let isKilled = false;
  const { lines, failure, result, seen } = await rollTo(1, "stop-first", (phase, host) => {
    if (isKilled || phase !== "start" || host !== "app-1") return;
    isKilled = true;
    void fleet.killJvm("app-2");
  });
  expect(failure, lines.join("\n")).toBeUndefined();
  const { requests, lost = 0, cut = 0 } = result?.ledger ?? {};
  console.log(
    `${seen?.sent} sent and ${seen?.lost.length} lost; ${requests} counted, ${lost} lost, ${cut} cut short`,
  );
  expect(seen?.lost.length).toBeGreaterThan(0);
  expect({ requests, lost: lost + cut }).toEqual({ requests: seen?.sent, lost: seen?.lost.length });
});
