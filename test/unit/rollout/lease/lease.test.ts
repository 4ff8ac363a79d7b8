import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { runGuarded } from "#rollout/lease/guarded.ts";
import { Lease, LeaseHeld, LeaseLost, type LeaseRecord, type LeaseStore } from "#rollout/lease/lease.ts";
import { FileLeaseStore } from "../../../support/fileLeaseStore.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const timing = { heartbeatMilliseconds: 20, expiryMilliseconds: 150, waitMilliseconds: 0 };
const options = { signal: new AbortController().signal, onWait: () => {} };

describe("the lease of a fleet", () => {
  let directory: string;
  let store: FileLeaseStore;

  beforeEach(async () => {
    directory = join(await temporaryDirectory(), "lease");
    store = new FileLeaseStore(directory);
  });

  test("is acquired at once if nobody holds it, and again after its release", async () => {
    const first = await Lease.acquire(store, "first", timing, options);
    await first.assertHeld();
    await first.release();
    const second = await Lease.acquire(store, "second", timing, options);
    await second.assertHeld();
    await second.release();
    expect((await store.newest())?.record).toMatchObject({ owner: "second", released: true });
  });

  test("is asked for once a second before applications are started or stopped, and each time before the rest", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    const lease = await Lease.acquire(store, "ann", { ...timing, heartbeatMilliseconds: 60_000 }, options);
    const asking = vi.spyOn(store, "newest");
    await lease.assertHeld();
    await lease.assertHeldLately();
    await lease.assertHeld();
    expect(asking).toHaveBeenCalledTimes(2);
    clock.mockReturnValue(1_001);
    await store.claim(2, { owner: "bob", since: "", beat: 0, released: false });
    await expect(lease.assertHeldLately()).rejects.toThrow("bob has taken over this fleet");
    await expect(lease.assertHeldLately()).rejects.toThrow(LeaseLost);
    await lease.release();
  });

  test("is known to be held from a script beside it that has checked it", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    const machine = { run: async () => "done" };
    const beside = Object.assign(store, { place: { machine, directory } });
    const lease = await Lease.acquire(beside, "ann", { ...timing, heartbeatMilliseconds: 60_000 }, options);
    const asking = vi.spyOn(store, "newest");
    clock.mockReturnValue(5_000);
    if (!lease.guard) throw new Error("expected a guard");
    await runGuarded(machine, lease.guard, "true", []);
    await lease.assertHeldLately();
    expect(asking).not.toHaveBeenCalled();
    await lease.release();
  });

  test("that was read shortly before is claimed, unless somebody else was first", async () => {
    const asked = store.newest();
    await asked;
    const first = await Lease.acquire(store, "ann", timing, { ...options, asked });
    await expect(Lease.acquire(store, "bob", timing, { ...options, asked })).rejects.toThrow(LeaseHeld);
    await first.release();
  });

  test("is refused while its owner lives, naming the owner", async () => {
    const first = await Lease.acquire(store, "ann@build-1", timing, options);
    const refused = Lease.acquire(store, "bob", timing, options);
    await expect(refused).rejects.toThrow(LeaseHeld);
    await expect(refused).rejects.toThrow(/^ann@build-1 has been rolling this fleet since \d{4}-/);
    await first.release();
  });

  test("is waited for if there is time", async () => {
    const first = await Lease.acquire(store, "ann", timing, options);
    const waits: string[] = [];
    const second = Lease.acquire(
      store,
      "bob",
      { ...timing, waitMilliseconds: 5_000 },
      { ...options, onWait: ({ owner }) => waits.push(owner) },
    );
    await sleep(100);
    await first.release();
    await (await second).release();
    expect(waits).toEqual(["ann"]);
  });

  test("goes to exactly one of many who want it at the same moment", async () => {
    const wanting = ["a", "b", "c", "d", "e"].map((owner) => Lease.acquire(store, owner, timing, options));
    const outcomes = await Promise.allSettled(wanting);
    const holders = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(holders).toHaveLength(1);
    await Promise.all(holders.map(({ value }) => value.release()));
  });

  test("of a dead process is taken over at once", async () => {
    await leaveBehind({ pid: 2 ** 22 + 1, startTicks: "1" });
    const began = performance.now();
    const lease = await Lease.acquire(store, "next", { ...timing, expiryMilliseconds: 60_000 }, options);
    expect(performance.now() - began).toBeLessThan(1_000);
    await lease.release();
  });

  test("that is not renewed is taken over after its expiry, whatever its clock says", async () => {
    const remote = new Remote(store);
    await remote.claim(1, record({ owner: "asleep", since: "2999-01-01T00:00:00.000Z" }));
    const began = performance.now();
    const lease = await Lease.acquire(remote, "next", timing, options);
    expect(performance.now() - began).toBeGreaterThanOrEqual(timing.expiryMilliseconds);
    await lease.release();
  });

  test("that was taken over is noticed before the next step and ends the roll", async () => {
    const slept = await Lease.acquire(store, "slept", timing, options);
    await store.claim(2, record({ owner: "usurper" }));
    await expect(slept.assertHeld()).rejects.toThrow(new LeaseLost("usurper").message);
    await expect.poll(() => slept.signal.aborted).toBe(true);
    await slept.release();
    expect((await store.newest())?.record).toMatchObject({ owner: "usurper", released: false });
  });

  test("tells its holder about a request to stop, and forgets old requests", async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "stop"), "");
    const lease = await Lease.acquire(store, "roller", timing, options);
    await sleep(3 * timing.heartbeatMilliseconds);
    expect(lease.signal.aborted).toBe(false);
    await writeFile(join(directory, "stop"), "");
    await expect.poll(() => lease.signal.aborted).toBe(true);
    expect(String(lease.signal.reason)).toContain("someone asked the roll to stop");
    await lease.release();
  });

  test("leaves one file behind, however many held it", async () => {
    for (const owner of ["a", "b", "c"]) await (await Lease.acquire(store, owner, timing, options)).release();
    expect(await readdir(directory)).toEqual(["3.json"]);
    expect(JSON.parse(await readFile(join(directory, "3.json"), "utf8"))).toMatchObject({ owner: "c" });
  });

  async function leaveBehind(process: { pid: number; startTicks: string }): Promise<void> {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "1.json"), JSON.stringify({ ...record({ owner: "dead" }), ...process }));
  }
});

function record(parts: Partial<LeaseRecord>): LeaseRecord {
  return { owner: "somebody", since: new Date().toISOString(), beat: 0, released: false, ...parts };
}

/** A store that cannot see the owner's process, as over a network. */
class Remote implements LeaseStore {
  readonly #store: LeaseStore;

  constructor(store: LeaseStore) {
    this.#store = store;
  }

  newest = () => this.#store.newest();
  claim = (generation: number, lease: LeaseRecord) => this.#store.claim(generation, lease);
  renew = (generation: number, lease: LeaseRecord) => this.#store.renew(generation, lease);
  isGone = async () => false;
}
