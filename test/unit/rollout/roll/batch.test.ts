import { describe, expect, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { batch, batchSize } from "#rollout/request/batch.ts";
import { type Before, FakeFleet, type PolicyChange } from "../../../support/fakeFleet.ts";

const OLD = "1.0.0";
const NEW = "1.1.0";

function fleetOf(count: number, host: (number: number) => Before): Promise<FakeFleet> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return FakeFleet.create(Object.fromEntries(numbers.map((number) => [`app-${number}`, host(number)])));
}

/** The hosts that were started before the first one of a batch was stopped, batch by batch. */
function started(fleet: FakeFleet): string[][] {
  const batches: string[][] = [];
  let isOpen = false;
  for (const entry of fleet.journal) {
    const [step, slot = ""] = entry.split(" ");
    if (step === "start") {
      if (!isOpen) batches.push([]);
      isOpen = true;
      batches.at(-1)?.push(slot.replace("_b", ""));
    }
    if (step === "stop") isOpen = false;
  }
  return batches.map((names) => names.sort());
}

async function failing(fleet: FakeFleet, policy: PolicyChange): Promise<RollFailed> {
  const error = await fleet.roll(NEW, { policy }).catch((thrown: unknown) => thrown);
  if (!(error instanceof RollFailed)) throw new Error(`expected RollFailed, got ${String(error)}`);
  return error;
}

describe("the size of a batch", () => {
  test.each([
    [[1], 0, 12, 1],
    [["25%"], 0, 12, 3],
    [["25%"], 5, 10, 2],
    [["10%"], 0, 5, 1],
    [["100%"], 0, 12, 12],
    [[20], 0, 12, 12],
    [[1, "25%", "100%"], 0, 12, 1],
    [[1, "25%", "100%"], 1, 12, 3],
    [[1, "25%", "100%"], 9, 12, 12],
  ])("%j, number %i of %i hosts, is %i", (sizes, index, hosts, expected) => {
    expect(batchSize(batch.parse(sizes), index, hosts)).toBe(expected);
  });

  test.each([[[0]], [["0%"]], [["101%"]], [["all"]], [[1.5]], [[]]])("%j is refused", (sizes) => {
    expect(batch.safeParse(sizes).success).toBe(false);
  });
});

describe("with room for two JVMs", () => {
  test("the hosts of a batch start side by side, batch after batch", async () => {
    const fleet = await fleetOf(6, () => ({ runs: OLD, beside: "nothing" }));
    await fleet.roll(NEW, { policy: { batch: [1, 2, "50%"] } });
    expect(started(fleet)).toEqual([["app-1"], ["app-2", "app-3"], ["app-4", "app-5", "app-6"]]);
    expect(Object.values(fleet.state)).toEqual(
      Array.from({ length: 6 }, () => ["nothing, drained", NEW]).flat(),
    );
  });

  test("hosts of different zones never share a batch", async () => {
    const fleet = await fleetOf(4, (number) => ({
      runs: OLD,
      beside: "nothing",
      zone: number % 2 === 0 ? "north" : "south",
    }));
    await fleet.roll(NEW, { policy: { batch: ["100%"] } });
    expect(started(fleet)).toEqual([
      ["app-1", "app-3"],
      ["app-2", "app-4"],
    ]);
  });

  test("a failure ends the batch: those beside it take traffic with the old release again, without a start", async () => {
    const fleet = await fleetOf(3, () => ({ runs: OLD, beside: "nothing" }));
    const second = fleet.slot("app-2_b");
    fleet.when("drain app-2", () => second.end());
    const error = await failing(fleet, { batch: ["100%"], timing: { soakSeconds: 0.5 } });
    expect(error.message).toContain("app-2 failed its soak gate");
    expect(Object.values(fleet.state)).toEqual(
      Array.from({ length: 3 }, () => [OLD, "nothing, drained"]).flat(),
    );
    const back = fleet.journal.slice(fleet.journal.indexOf("drain app-2"));
    expect(back.filter((entry) => entry.startsWith("start"))).toEqual([]);
    expect(fleet.hosts.map(({ current }) => current)).toEqual([OLD, OLD, OLD]);
  });

  test("a failure ends the batch for those that are still being gated, too, and each says why", async () => {
    const fleet = await fleetOf(3, () => ({ runs: OLD, beside: "nothing" }));
    for (const name of ["app-1", "app-3"]) fleet.host(name).conduct[NEW] = "down";
    fleet.host("app-2").conduct[NEW] = "ends";
    const error = await failing(fleet, { batch: ["100%"] });
    expect(error.message).toContain("app-2 failed its health gate");
    for (const name of ["app-1", "app-3"]) {
      const [said] = fleet.messages("restore", name);
      expect(said).toBe(`another host of the batch failed; ${OLD} keeps all traffic`);
    }
    expect(Object.values(fleet.state)).toEqual(
      Array.from({ length: 3 }, () => [OLD, "nothing, drained"]).flat(),
    );
  });

  test("of twelve hosts in batches of a quarter, all go back when the eighth fails", async () => {
    const fleet = await fleetOf(12, () => ({ runs: OLD, beside: "nothing" }));
    fleet.host("app-8").conduct[NEW] = "down";
    const error = await failing(fleet, { batch: ["25%"], health: { deadlineSeconds: 3 } });
    expect(error.message).toContain("app-8 failed its health gate");
    const serving = fleet.hosts.map(({ name, running, second }) => {
      const app = fleet.proxy.without.has(name) ? second?.running : running;
      return app?.release;
    });
    expect(serving).toEqual(Array.from({ length: 12 }, () => OLD));
    expect(fleet.hosts.filter(({ running, second }) => running && second?.running)).toEqual([]);
    expect(fleet.messages("rollback", "app-1")).toEqual([`going back to ${OLD}`]);
    expect(fleet.hosts.slice(9).flatMap(({ name }) => fleet.messages("order", name))).toEqual([]);
  });
});

describe("without room", () => {
  test("a batch takes out as many hosts as the others can make up for", async () => {
    const fleet = await fleetOf(4, () => ({ runs: OLD }));
    let out = 0;
    for (const host of fleet.hosts) {
      fleet.when(`drain ${host.name}`, () => {
        out = Math.max(out, fleet.proxy.without.size);
      });
    }
    await fleet.roll(NEW, { policy: { batch: ["100%"], minimumHealthy: 2 } });
    expect(out).toBe(2);
    expect(Object.values(fleet.state)).toEqual([NEW, NEW, NEW, NEW]);
  });

  test("hosts that are not stopped yet take traffic again when another one fails", async () => {
    const fleet = await fleetOf(4, () => ({ runs: OLD }));
    fleet.host("app-1").conduct[NEW] = "ends";
    fleet.proxy.left["app-2"] = 1;
    const error = await failing(fleet, { batch: [2], minimumHealthy: 2, timing: { settleSeconds: 5 } });
    expect(error.message).toContain("app-1 failed its health gate");
    expect(fleet.journal).not.toContain("stop app-2");
    expect(Object.values(fleet.state)).toEqual([OLD, OLD, OLD, OLD]);
  });
});
