import { expect, test, vi } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import { FakeFleet, LAUNCH } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
/** Runs the new release, which has passed its gates. */
const DONE = { runs: NEW, lastKnownGood: { release: NEW, launch: LAUNCH } };
const ROOM = { runs: OLD, beside: "nothing" };

test("a roll looks at its hosts while it claims the lease", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const host = fleet.host("app-1");
  const [observe, claim] = [host.observe.bind(host), fleet.leases.claim.bind(fleet.leases)];
  const asked = Promise.withResolvers<void>();
  host.observe = async () => {
    asked.resolve();
    return observe();
  };
  fleet.leases.claim = async (...given) => {
    await asked.promise;
    return claim(...given);
  };
  await fleet.roll(NEW);
  expect(fleet.state).toEqual({ "app-1": NEW });
});

test("what was seen before another roller held the lease decides nothing", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const host = fleet.host("app-1");
  const claim = fleet.leases.claim.bind(fleet.leases);
  const record = { owner: "bob@build-2", since: "2026-11-27T22:00:00.000Z", beat: 0, released: true };
  let claims = 0;
  fleet.leases.claim = async (generation, own) => {
    if (claims++ === 0) {
      await vi.waitFor(() => expect(looks).toBe(1));
      // It has rolled and ended in between.
      await host.end();
      await host.begin(DONE);
      await claim(generation, record);
    }
    return claim(generation, own);
  };
  let looks = 0;
  const observe = host.observe.bind(host);
  host.observe = async () => {
    const seen = await observe();
    looks++;
    return seen;
  };
  const { rolled } = await fleet.roll(NEW);
  expect(claims).toBe(2);
  expect(rolled).toEqual([]);
});

test("what was seen before a release was copied decides nothing", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const host = fleet.host("app-1");
  fleet.when("stage app-1", async () => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await host.end();
    await host.begin(DONE);
  });
  const { rolled } = await fleet.roll(NEW);
  expect(rolled).toEqual([]);
});

test("a look ahead ends with a roll that fails before", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const host = fleet.host("app-1");
  let probing: AbortSignal | undefined;
  host.probe = (signal) => {
    probing = signal;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  host.errors.stage = new RollgateError("disk-full", "app-1 has no room");
  await expect(fleet.roll(NEW)).rejects.toThrow("app-1 has no room. No host was touched.");
  expect(probing?.aborted).toBe(true);
});

test("a host is asked for its room while it is asked for its health", async () => {
  const fleet = await FakeFleet.create({ "app-1": ROOM });
  const host = fleet.host("app-1");
  const [probe, memory] = [host.probe.bind(host), host.memory.bind(host)];
  const asked = Promise.withResolvers<void>();
  host.memory = async () => {
    asked.resolve();
    return memory();
  };
  host.probe = async (signal) => {
    await asked.promise;
    return probe(signal);
  };
  await fleet.roll(NEW, { policy: { order: "auto" } });
  expect(fleet.state).toEqual({ "app-1": "nothing, drained", "app-1_b": NEW });
});

test("a host that was seen to run another release is asked for its room along with what it runs", async () => {
  const fleet = await FakeFleet.create({ "app-1": ROOM });
  const host = fleet.host("app-1");
  host.lastSeen = async () => ({ slot: "first", release: OLD });
  const [observe, memory] = [host.observe.bind(host), host.memory.bind(host)];
  const asked = Promise.withResolvers<void>();
  let questions = 0;
  host.memory = async () => {
    questions++;
    asked.resolve();
    return memory();
  };
  host.observe = async () => {
    await asked.promise;
    return observe();
  };
  await fleet.roll(NEW, { policy: { order: "auto" } });
  expect(fleet.state).toEqual({ "app-1": "nothing, drained", "app-1_b": NEW });
  expect(questions).toBe(1);
});

test("a host that serves from the other slot than it was seen to is asked for its room there", async () => {
  const fleet = await FakeFleet.create({ "app-1": ROOM });
  const host = fleet.host("app-1");
  host.lastSeen = async () => ({ slot: "second", release: OLD });
  const asking = vi.spyOn(host, "memory");
  await fleet.roll(NEW, { policy: { order: "auto" } });
  expect(fleet.state).toEqual({ "app-1": "nothing, drained", "app-1_b": NEW });
  expect(asking).toHaveBeenCalledTimes(1);
});

test("a lease that was claimed just now is not asked for again before the first step", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const newest = vi.spyOn(fleet.leases, "newest");
  let asked = 0;
  fleet.when("drain app-1", () => {
    asked = newest.mock.calls.length;
  });
  await fleet.roll(NEW);
  // Before it is claimed, and before the drain, which changes something for clients.
  expect(asked).toBe(2);
});

test("a host that runs the release already is not asked for its room", async () => {
  const fleet = await FakeFleet.create({ "app-1": { ...ROOM, ...DONE } });
  fleet.host("app-1").lastSeen = async () => ({ slot: "first", release: NEW });
  const asking = vi.spyOn(fleet.host("app-1"), "memory");
  await fleet.roll(NEW, { policy: { order: "auto" } });
  expect(asking).not.toHaveBeenCalled();
});

test("a roll tells what its last look found, and removes old releases by it", async () => {
  const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
  const pruning = vi.spyOn(fleet.host("app-1"), "prune");
  const { found } = await fleet.roll(NEW, { policy: { order: "start-first" } });
  expect(found).toEqual([
    { name: "app-1", description: NEW, turn: 1 },
    { name: "app-2", description: NEW, turn: 1 },
  ]);
  const known = pruning.mock.calls[0]?.at(2);
  expect(known).toMatchObject({ current: NEW, second: { release: NEW } });
  expect(known).not.toHaveProperty("running");
});

test("a host whose state is known is not asked for it before its old releases go", async () => {
  const pruned: unknown[] = [];
  const files = { prune: async (...given: unknown[]) => void pruned.push(...given) };
  const parts = { place: { name: "app-1" }, supervisor: {}, health: {}, files, tasks: {} };
  const host = new MachineAppHost(Object(parts), Object({ launch: {}, environment: {} }));
  host.observe = () => Promise.reject(new Error("asked"));
  const running = { pid: 1, release: NEW, launch: LAUNCH };
  await host.prune(3, [], { releases: [NEW, OLD], current: NEW, running });
  expect(pruned).toEqual([3, [NEW, NEW], [LAUNCH, host.launch]]);
});
