import { describe, expect, test } from "vitest";
import type { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { MachineSlot } from "#rollout/host/machineSlot.ts";
import type { Behaviour } from "../../harness/fakeApplication.ts";
import { until } from "../../harness/until.ts";
import { answerOf, type HostKind, hostOf, install, type NewHost, run } from "./appHost.ts";

const { signal } = new AbortController();

/** A host with its second slot. */
export function slotsOf(opened: NewHost): { host: MachineAppHost; second: MachineSlot } {
  const host = hostOf(opened);
  if (!host.second) throw new Error(`${host.name} has no second slot`);
  return { host, second: host.second };
}

/** Installs a release and starts it in the second slot, and waits until it is up. */
export async function runBeside(host: MachineAppHost, second: MachineSlot, behaviour: Behaviour) {
  const release = await install(host, behaviour);
  await second.start(host.launch);
  await until(async () => (await second.probe(signal)).up, 10);
  return release;
}

/** The behaviour of a host's second slot, on any machine and with any supervisor. */
export function describeSecondSlot({ open, workDirectory, cannot = {} }: HostKind): void {
  describe("the second slot of an app host", () => {
    test("runs a release beside that of the first slot, with a port and a log of its own", async (context) => {
      const opened = await open();
      const { host, second } = slotsOf(opened);
      expect(await host.memory()).toBeUndefined();
      const before = await run(host, { version: "1.0.0" });
      const after = await runBeside(host, second, { version: "2.0.0" });
      const pid = expect.any(Number);
      const running = { pid, release: before, launch: host.launch };
      const beside = { pid, release: after, launch: host.launch };
      const expected = { running, second: beside, current: after, releases: [before, after] };
      expect(await host.observe()).toEqual(expected);
      // Another deployer, which has no memory of them, sees the same.
      expect(await hostOf(opened).observe()).toEqual(await host.observe());
      expect((await host.runningApp())?.pid).not.toBe((await second.runningApp())?.pid);
      expect(await host.portOwner()).toEqual({ kind: "application", release: before });
      expect(await second.portOwner()).toEqual({ kind: "application", release: after });
      expect(await host.logTail(1)).toEqual(["1.0.0 starts"]);
      expect(await second.logTail(1)).toEqual(["2.0.0 starts"]);
      expect(await answerOf(host)).toMatchObject({ version: "1.0.0" });
      const answer = await answerOf(second);
      expect(answer).toMatchObject({ version: "2.0.0", directory: workDirectory(opened) });
      expect(answer.environment.ROLLGATE_HOST).toBe(host.name);
      await host.preflight(signal);
      for (const slot of [host, second]) {
        const { availableBytes = 0, neededBytes = 0 } = (await slot.memory()) ?? {};
        expect(neededBytes).toBeGreaterThan(10_000_000);
        expect(neededBytes).toBeLessThan(1_000_000_000);
        expect(availableBytes).toBeGreaterThan(10_000_000);
      }
      context.skip(cannot.seeSockets !== undefined, cannot.seeSockets);
      expect(await host.listening()).toEqual([expect.stringMatching(new RegExp(`:${host.port}$`))]);
      expect(await second.listening()).toEqual([expect.stringMatching(new RegExp(`:${second.port}$`))]);
    });

    test("and the first one are stopped and started without each other", async () => {
      const { host, second } = slotsOf(await open());
      const before = await run(host, { version: "1.0.0" });
      const after = await runBeside(host, second, { version: "2.0.0" });
      const [first, other] = [await host.runningApp(), await second.runningApp()];
      expect(await second.stop(10)).toEqual({ killed: false });
      expect(await second.runningApp()).toBeUndefined();
      expect(await second.portOwner()).toEqual({ kind: "nobody" });
      expect(await host.runningApp()).toEqual(first);
      expect(await host.portOwner()).toEqual({ kind: "application", release: before });
      expect(await host.logTail(1)).toEqual(["1.0.0 starts"]);
      await second.start(host.launch);
      await until(async () => (await second.probe(signal)).up, 10);
      expect(await second.runningApp()).toMatchObject({ release: after });
      expect((await second.runningApp())?.pid).not.toBe(other?.pid);
      expect(await host.stop(10)).toEqual({ killed: false });
      expect(await host.portOwner()).toEqual({ kind: "nobody" });
      expect(await host.observe()).toMatchObject({ second: { release: after } });
      expect(await host.observe()).not.toHaveProperty("running");
      expect(await second.portOwner()).toEqual({ kind: "application", release: after });
      await host.preflight(signal);
    });

    test("that was retired is empty, and can be used again, as the first one can", async () => {
      const { host, second } = slotsOf(await open());
      await run(host, { version: "1.0.0" });
      const release = await runBeside(host, second, { version: "2.0.0" });
      for (const [slot, other] of [
        [host, second],
        [second, host],
      ] as const) {
        const stays = await other.runningApp();
        await slot.stopForGood(10);
        expect(await slot.runningApp()).toBeUndefined();
        expect(await slot.portOwner()).toEqual({ kind: "nobody" });
        await slot.start(host.launch);
        await until(async () => (await slot.probe(signal)).up, 10);
        expect(await slot.runningApp()).toMatchObject({ release, launch: host.launch });
        expect(await other.runningApp()).toEqual(stays);
      }
    });

    test("keeps its release from being removed, as the first one does", async () => {
      const opened = await open();
      const { host, second } = slotsOf(opened);
      const running = await run(host, { version: "1" });
      const beside = await runBeside(host, second, { version: "2" });
      const [, current] = [await install(host, { version: "3" }), await install(host, { version: "4" })];
      await host.prune(2, []);
      expect((await host.observe()).releases).toEqual([running, beside, current].sort());
    });
  });
}
