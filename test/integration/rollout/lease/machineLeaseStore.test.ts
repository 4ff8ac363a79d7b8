import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { Lease, LeaseHeld, type LeaseRecord } from "#rollout/lease/lease.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { thisProcess } from "#rollout/lease/thisProcess.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { tinyDirectory } from "../../../support/tinyDirectory.ts";

const timing = { heartbeatMilliseconds: 50, expiryMilliseconds: 1500, waitMilliseconds: 0 };
const options = { signal: new AbortController().signal, onWait: () => {} };

function record(parts: Partial<LeaseRecord> = {}): LeaseRecord {
  return { owner: "somebody", since: new Date().toISOString(), beat: 0, released: false, ...parts };
}

describe.each(SHELLS)("the leases on a machine with %s", (shell) => {
  async function newStore(context: TestContext, place?: string) {
    const directory = place ?? join(await temporaryDirectory(), "nginx", "lease");
    return { directory, store: new MachineLeaseStore(await localMachine(shell, context), directory) };
  }

  test("are none at first", async (context) => {
    const { store } = await newStore(context);
    expect(await store.newest()).toBeUndefined();
    expect(await store.renew(1, record())).toEqual({ isHeld: false, holder: undefined });
  });

  test("are read as they were written, with every character unchanged", async (context) => {
    const { directory, store } = await newStore(context);
    const written = record({ owner: 'BUILD\\ann "the\tbuilder" $(id) `id`\\n %s it\'s\n\\\\u0041 ü' });
    expect(await store.claim(1, written)).toBe(true);
    expect(await store.newest()).toMatchObject({ generation: 1, record: written });
    expect(await store.renew(1, { ...written, beat: 7 })).toEqual({ isHeld: true, stopRequested: false });
    expect(await store.newest()).toMatchObject({ generation: 1, record: { ...written, beat: 7 } });
    expect(await readdir(directory)).toEqual(["1.json"]);
  });

  test("go to exactly one of many who want the same generation at the same moment, and nothing of the others stays", async (context) => {
    const { directory, store } = await newStore(context);
    const owners = ["a", "b", "c", "d", "e", "f"];
    const won = await Promise.all(owners.map((owner) => store.claim(3, record({ owner }))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await store.newest())?.record.owner).toBe(owners[won.indexOf(true)]);
    expect(await readdir(directory)).toEqual(["3.json"]);
  });

  test("are sorted as numbers, ignoring other files", async (context) => {
    const { directory, store } = await newStore(context);
    await store.claim(9, record({ owner: "9" }));
    const others = [".12.json", "11.json.new", "x13.json"];
    for (const name of others) await writeFile(join(directory, name), "");
    await writeFile(join(directory, "10.json"), JSON.stringify(record({ owner: "10" })));
    expect(await store.newest()).toMatchObject({ generation: 10, record: { owner: "10" } });
    await store.claim(11, record({ owner: "11" }));
    expect(await store.newest()).toMatchObject({ generation: 11, record: { owner: "11" } });
    // The one that was newest when somebody asked long ago is gone by now.
    expect(await store.claim(10, record({ owner: "late" }))).toBe(false);
    expect((await readdir(directory)).sort()).toEqual([...others, "11.json"].sort());
  });

  test("can be asked to stop", async (context) => {
    const { directory, store } = await newStore(context);
    await store.claim(1, record());
    await writeFile(join(directory, "stop"), "");
    expect(await store.renew(1, record())).toEqual({ isHeld: true, stopRequested: true });
    await store.claim(2, record());
    expect(await store.renew(2, record())).toEqual({ isHeld: true, stopRequested: false });
  });

  test("are not renewed after a takeover, and the successor is named", async (context) => {
    const { directory, store } = await newStore(context);
    await store.claim(1, record({ owner: "before" }));
    await store.claim(2, record({ owner: "successor" }));
    const renewal = await store.renew(1, record({ owner: "before", beat: 7 }));
    expect(renewal).toMatchObject({ isHeld: false, holder: { owner: "successor" } });
    expect(await readdir(directory)).toEqual(["2.json"]);
  });

  test("cannot be taken on a full disk; that is reported, and nothing half-written stays", async (context) => {
    const { directory, store } = await newStore(context, await tinyDirectory(context));
    await store.claim(1, record({ owner: "first" }));
    await writeFile(join(directory, "full"), "x".repeat(64 * 1024)).catch(() => {});
    await expect(store.claim(2, record())).rejects.toThrow(/no space left/i);
    await expect(store.renew(1, record())).rejects.toThrow(/no space left/i);
    expect((await store.newest())?.record.owner).toBe("first");
    expect((await readdir(directory)).sort()).toEqual(["1.json", "full"]);
  });

  test("cannot be taken if a file is in the way; that is reported too", async (context) => {
    const { directory, store } = await newStore(context);
    await mkdir(join(directory, ".."), { recursive: true });
    await writeFile(directory, "");
    await expect(store.claim(1, record())).rejects.toThrow(/file exists|not a directory/i);
  });

  test("are acquired, held, refused to others, and acquired again after their release", async (context) => {
    const { directory, store } = await newStore(context);
    const first = await Lease.acquire(store, "ann@build-1", timing, options);
    await first.assertHeld();
    await expect(Lease.acquire(store, "bob", timing, options)).rejects.toThrow(LeaseHeld);
    await first.release();
    const second = await Lease.acquire(store, "bob", timing, options);
    await second.assertHeld();
    await second.release();
    expect(await readdir(directory)).toEqual(["2.json"]);
    expect(JSON.parse(await readFile(join(directory, "2.json"), "utf8"))).toMatchObject({ released: true });
  });

  /** Leaves a lease behind, as of an owner that is told by `change`. */
  async function leaveBehind(directory: string, change: object): Promise<void> {
    await mkdir(directory, { recursive: true });
    const left = { ...record({ owner: "dead" }), process: { ...(await thisProcess()), ...change } };
    await writeFile(join(directory, "1.json"), JSON.stringify(left));
  }

  test.for([
    ["that has ended", { pid: 2 ** 22 + 1 }],
    ["whose pid is another process's by now", { startTicks: "1" }],
  ] as const)("of an owner on this machine %s are taken over at once", async ([, change], context) => {
    const { directory, store } = await newStore(context);
    await leaveBehind(directory, change);
    const began = performance.now();
    const lease = await Lease.acquire(store, "next", { ...timing, expiryMilliseconds: 60_000 }, options);
    expect(performance.now() - began).toBeLessThan(5_000);
    await lease.release();
  });

  test.for([
    ["on another machine", { seenFrom: `another boot ${"pid:[4026531836]"}`, pid: 2 ** 22 + 1 }],
    ["that lives", {}],
  ] as const)("of an owner %s do not count as over", async ([, change], context) => {
    const { directory, store } = await newStore(context);
    await leaveBehind(directory, change);
    const newest = await store.newest();
    expect(newest && (await store.isGone(newest.record))).toBe(false);
  });

  test("of a dead owner in another PID namespace do not count as over", async (context) => {
    const { directory, store } = await newStore(context);
    const here = (await thisProcess())?.seenFrom ?? "";
    const seenFrom = here.replace(/\d+\]$/, "1]");
    expect(seenFrom).not.toBe(here);
    await leaveBehind(directory, { seenFrom, pid: 2 ** 22 + 1 });
    const newest = await store.newest();
    expect(newest && (await store.isGone(newest.record))).toBe(false);
  });

  test("of an owner that stopped renewing are taken over after the expiry, and not before", async (context) => {
    const { store } = await newStore(context);
    await store.claim(1, record({ owner: "dead", since: "2999-01-01T00:00:00.000Z" }));
    const began = performance.now();
    const lease = await Lease.acquire(store, "next", timing, options);
    expect(performance.now() - began).toBeGreaterThanOrEqual(timing.expiryMilliseconds);
    expect((await store.newest())?.generation).toBe(2);
    await lease.release();
  });

  test("tell their holder about a request to stop", async (context) => {
    const { directory, store } = await newStore(context);
    const lease = await Lease.acquire(store, "roller", timing, options);
    await writeFile(join(directory, "stop"), "");
    await expect.poll(() => lease.signal.aborted, { timeout: 5_000 }).toBe(true);
    expect(String(lease.signal.reason)).toContain("someone asked the roll to stop");
    await lease.release();
  });
});
