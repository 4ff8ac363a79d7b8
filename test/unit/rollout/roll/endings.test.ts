import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { type Before, FakeFleet } from "../../../support/fakeFleet.ts";

const OLD = "1.0.0";
const NEW = "1.1.0";
const ROOM: Before = { runs: OLD, beside: "nothing" };

async function twoHosts(...machines: readonly unknown[]): Promise<FakeFleet> {
  const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
  for (const [index, host] of fleet.hosts.entries()) host.machine = machines[index];
  return fleet;
}

const TRUE = { command: "true", where: "deployer" as const, deadlineSeconds: 10 };

/** The order of these entries of the journal. */
function order(fleet: FakeFleet, ...entries: readonly string[]): string[] {
  return fleet.journal.filter((entry) => entries.includes(entry));
}

describe("an old application that is stopped after the soak of the new one", () => {
  test("holds up the next host only before its first request, if it is on another machine", async () => {
    const fleet = await twoHosts("a", "b");
    fleet.when("stop app-1", () => sleep(500));
    await fleet.roll(NEW);
    const steps = ["retire app-1", "start app-2_b", "admit app-2_b"];
    expect(order(fleet, ...steps)).toEqual(["start app-2_b", "retire app-1", "admit app-2_b"]);
    expect(fleet.state).toEqual({
      "app-1": "nothing, drained",
      "app-1_b": NEW,
      "app-2": "nothing, drained",
      "app-2_b": NEW,
    });
  });

  test.each([
    ["one machine", ["a", "a"]],
    ["machines that are not known", []],
  ])("holds up the next JVM on %s, where there may be no room for both", async (_, machines) => {
    const fleet = await twoHosts(...machines);
    fleet.when("stop app-1", () => sleep(200));
    await fleet.roll(NEW);
    expect(order(fleet, "retire app-1", "start app-2_b")).toEqual(["retire app-1", "start app-2_b"]);
  });

  test("holds up a host that stops first until it has ended", async () => {
    const fleet = await twoHosts("a", "b");
    const { second } = fleet.host("app-2");
    if (second) second.intruders.nothing = { kind: "other", name: "nc" };
    fleet.when("stop app-1", () => sleep(200));
    await fleet.roll(NEW);
    expect(order(fleet, "retire app-1", "drain app-2")).toEqual(["retire app-1", "drain app-2"]);
  });

  test("has ended when a hook before the next host runs", async () => {
    const fleet = await twoHosts("a", "b");
    const seen: (string | undefined)[] = [];
    fleet.when("stop app-1", () => sleep(200));
    const happened = fleet.record.bind(fleet);
    fleet.record = async (entry) => {
      if (entry.startsWith("switch app-2")) seen.push(fleet.journal.find((each) => each === "retire app-1"));
      await happened(entry);
    };
    await fleet.roll(NEW, { policy: { hooks: { beforeHost: [TRUE] } } });
    expect(seen).toEqual(["retire app-1"]);
  });

  test("is not asked about by the look before the next host, but before the roll ends", async () => {
    const fleet = await twoHosts("a", "b");
    const observed = vi.spyOn(fleet.host("app-1"), "observe");
    let before = 0;
    const seen: number[] = [];
    fleet.when("drain app-1", () => (before = observed.mock.calls.length));
    fleet.when("stop app-1", () => sleep(300));
    fleet.when("start app-2_b", () => void seen.push(observed.mock.calls.length));
    await fleet.roll(NEW);
    expect(seen).toEqual([before]);
    expect(observed.mock.calls.length).toBeGreaterThan(before);
  });

  test("has ended before the roll has", async () => {
    const fleet = await twoHosts("a", "b");
    fleet.when("stop app-2", () => sleep(200));
    const { warnings } = await fleet.roll(NEW);
    expect(fleet.journal).toContain("retire app-2");
    expect(warnings).toEqual([]);
  });
});

describe("a release that can't be recorded after its soak", () => {
  test("fails the roll, and the next host goes back before its first request", async () => {
    const fleet = await twoHosts("a", "b");
    vi.spyOn(fleet.host("app-1"), "markLastKnownGood").mockImplementation(async () => {
      await sleep(100);
      throw new RollgateError("host-error", "app-1 cannot record its last known good release: disk full");
    });
    const failure = fleet.roll(NEW, { policy: { onFailure: "halt" } });
    await expect(failure).rejects.toThrow("app-1 cannot record its last known good release: disk full");
    expect(fleet.journal).not.toContain("admit app-2_b");
    expect(fleet.journal).not.toContain("drain app-2");
    expect(fleet.state["app-1_b"]).toBe(NEW);
    expect(fleet.state["app-2"]).toBe(OLD);
    expect(fleet.state["app-2_b"]).toBe("nothing, drained");
  });
});

test("a host whose new application dies while the old one stops is rolled again once that has ended", async () => {
  const fleet = await twoHosts("a", "b");
  fleet.when("stop app-1", async () => {
    await fleet.slot("app-1_b").end();
    await sleep(100);
  });
  await fleet.roll(NEW);
  const starts = fleet.journal.filter((entry) => /^(start|retire) app-1/.test(entry));
  expect(starts.slice(0, 2)).toEqual(["start app-1_b", "retire app-1"]);
  expect(starts.length).toBeGreaterThan(2);
  expect(fleet.state["app-2_b"]).toBe(NEW);
});
