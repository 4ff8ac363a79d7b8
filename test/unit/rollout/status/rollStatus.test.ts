import { describe, expect, test } from "vitest";
import type { ShownState } from "#rollout/status/shownState.ts";
import type { StatusFile } from "#rollout/status/statusFile.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

/** A file in memory. */
class MemoryFile implements StatusFile {
  readonly name: string;
  text: string | undefined;
  error: Error | undefined;

  constructor(name = "nginx at http://a") {
    this.name = name;
  }

  async read(): Promise<string | undefined> {
    if (this.error) throw this.error;
    return this.text;
  }

  async write(text: string): Promise<void> {
    if (this.error) throw this.error;
    this.text = text;
  }

  get state(): ShownState {
    return JSON.parse(this.text ?? "{}");
  }
}

async function twoHosts() {
  const fleet = await FakeFleet.create({
    "app-1": { runs: "1.0.0", beside: "nothing" },
    "app-2": { runs: "1.0.0", beside: "nothing" },
  });
  const file = new MemoryFile();
  fleet.proxy.statusFiles = [file];
  return { fleet, file };
}

describe("after a roll, the status page can show", () => {
  test("that it succeeded, what every host came from, and what every slot runs", async () => {
    const { fleet, file } = await twoHosts();
    await fleet.roll("1.1.0");
    const { roll, slots } = file.state;
    expect(roll).toMatchObject({
      owner: "test",
      release: "1.1.0",
      outcome: "succeeded",
      hosts: [
        { name: "app-1", from: "1.0.0", to: "1.1.0", phase: "done" },
        { name: "app-2", from: "1.0.0", to: "1.1.0", phase: "done" },
      ],
    });
    expect(roll.durationSeconds).toBeGreaterThanOrEqual(0);
    expect(slots).toEqual({
      "app-1": { drainedBy: "roll of 1.1.0 by test" },
      "app-1_b": { release: "1.1.0" },
      "app-2": { drainedBy: "roll of 1.1.0 by test" },
      "app-2_b": { release: "1.1.0" },
    });
  });

  test("where it failed, that the host went back, and that nothing is left in the other slot", async () => {
    const { fleet, file } = await twoHosts();
    fleet.host("app-1").conduct["1.1.0"] = "down";
    await expect(fleet.roll("1.1.0", { policy: { health: { deadlineSeconds: 0.3 } } })).rejects.toThrow();
    const { roll, slots } = file.state;
    expect(roll).toMatchObject({ outcome: "failed", failedAt: { host: "app-1", phase: "health" } });
    expect(roll.hosts).toMatchObject([{ name: "app-1", phase: "done", isBack: true }, { name: "app-2" }]);
    expect(slots["app-1"]).toEqual({ release: "1.0.0" });
    expect(slots["app-1_b"]).not.toHaveProperty("release");
    expect(roll.hosts[1]).not.toHaveProperty("phase");
  });
});

test.each(["start-first", "stop-first"] as const)(
  "hosts that went back with a %s roll are told from those that run the release",
  async (order) => {
    const { fleet, file } = await twoHosts();
    fleet.host("app-2").conduct["1.1.0"] = "down";
    const policy = { order, health: { deadlineSeconds: 0.3 } };
    await expect(fleet.roll("1.1.0", { policy })).rejects.toThrow();
    expect(file.state.roll.hosts).toMatchObject([
      { name: "app-1", phase: "done", isBack: true },
      { name: "app-2", phase: "done", isBack: true },
    ]);
  },
);

test("until a roll has looked at the hosts, what an earlier one left about them stays", async () => {
  const { fleet, file } = await twoHosts();
  const slots = { "app-1": { release: "0.9.0", drainedBy: "roll of 0.9.0 by ann@build-1" }, gone: {} };
  file.text = JSON.stringify({ format: 1, slots });
  fleet.host("app-2").errors.stage = new Error("no space left");
  await expect(fleet.roll("1.1.0")).rejects.toThrow("no space left");
  expect(file.state.slots).toEqual({ "app-1": slots["app-1"] });
  expect(file.state.roll.outcome).toBe("failed");
});

test("what can't be written is one warning of a roll that goes on", async () => {
  const { fleet, file } = await twoHosts();
  file.error = new Error("read-only file system");
  const { warnings } = await fleet.roll("1.1.0");
  expect(warnings).toEqual([
    "/status does not show how this roll ended: nginx at http://a: read-only file system",
  ]);
  expect(fleet.state).toMatchObject({ "app-1_b": "1.1.0", "app-2_b": "1.1.0" });
});

test("each nginx shows the roll, even if another one can't be written to", async () => {
  const { fleet, file } = await twoHosts();
  const broken = new MemoryFile("nginx at http://b");
  broken.error = new Error("read-only file system");
  fleet.proxy.statusFiles = [broken, file];
  expect((await fleet.roll("1.1.0")).warnings).toEqual([
    "/status does not show how this roll ended: nginx at http://b: read-only file system",
  ]);
  expect(file.state.roll.outcome).toBe("succeeded");
});

test("an nginx that was lost has a warning of its own", async () => {
  const { fleet, file } = await twoHosts();
  file.error = new Error("its machine is away");
  fleet.proxy.missing = ["nginx at http://a was lost during the roll and is not back"];
  expect((await fleet.roll("1.1.0")).warnings).toEqual(fleet.proxy.missing);
});

describe("the outcome is shown", () => {
  test("while requests are no longer counted and old releases are removed, all before the lease is released", async () => {
    const { fleet, file } = await twoHosts();
    const shown = Promise.withResolvers<void>();
    const write = file.write.bind(file);
    file.write = async (text) => {
      await write(text);
      if (file.state.roll.outcome === "succeeded") shown.resolve();
    };
    const ends = async () => {
      await shown.promise;
      await fleet.record("end counting");
    };
    const look = async () => ({ at: Date.now() / 1000, sums: [], isFull: false });
    const counter = { name: "nginx", begin: async () => true, look, stop: async () => {}, end: ends };
    fleet.proxy.counters = [counter];
    fleet.when("prune app-1", () => shown.promise);
    const renew = fleet.leases.renew.bind(fleet.leases);
    fleet.leases.renew = (generation, record) => {
      if (record.released) fleet.journal.push("release");
      return renew(generation, record);
    };
    await fleet.roll("1.1.0");
    expect(fleet.journal.at(-1)).toBe("release");
    expect(fleet.journal).toEqual(expect.arrayContaining(["end counting", "prune app-1", "prune app-2"]));
  });

  test("only once an nginx that was lost is back, or has been waited for", async () => {
    const { fleet, file } = await twoHosts();
    Object.assign(fleet.proxy, { hasLost: true });
    const outcomes: string[] = [];
    const end = fleet.proxy.end.bind(fleet.proxy);
    fleet.proxy.end = () => {
      outcomes.push(file.state.roll.outcome);
      return end();
    };
    await fleet.roll("1.1.0");
    expect(outcomes).toEqual(["rolling", "succeeded"]);
  });

  test("and corrected if what is done meanwhile fails after all", async () => {
    const { fleet, file } = await twoHosts();
    fleet.when("prune app-2", () => Promise.reject(new Error("a bug")));
    await expect(fleet.roll("1.1.0")).rejects.toThrow("a bug");
    expect(file.state.roll.outcome).toBe("failed");
  });
});
