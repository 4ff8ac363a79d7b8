import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "../../harness/freePort.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { useFleet } from "./useFleet.ts";

describe.each([
  { order: "stop-first", asked: "start" },
  // Before the admission, there is nothing to finish.
  { order: "start-first", asked: "settle" },
] as const)("deployers of one fleet that roll $order", { timeout: 240_000 }, ({ order, asked }) => {
  const shared = useFleet(2, undefined, { order, second: order === "start-first" });

  test("one rolls, another fails and names the first, a third waits and finds nothing to do", async () => {
    const { fleet, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const first = await fleet.startRoll({ jar: next.jar });
      await first.line(phaseLine("app-1", "drain"));
      const [second, third] = await Promise.all([
        fleet.startRoll({ jar: next.jar }),
        fleet.startRoll({ jar: next.jar, timing: { leaseWaitSeconds: 60 } }),
      ]);
      const [rolled, refused, waited] = await Promise.all([first.done, second.done, third.done]);
      return { owner: first.pid, rolled, refused, waited };
    });
    const owner = `\\S+@\\S+ \\(pid ${result.owner}\\)`;
    expect(result.rolled.code, result.rolled.output).toBe(0);
    expect(result.refused.code).toBe(1);
    expect(result.refused.output).toMatch(
      new RegExp(`${owner} has been rolling this fleet since .*\\. No host was touched\\.`),
    );
    expect(result.refused.output).not.toMatch(/ (drain|stop|start) /);
    expect(result.waited.code, result.waited.output).toBe(0);
    expect(result.waited.output).toMatch(
      new RegExp(`${owner} has been rolling this fleet since .*; waiting`),
    );
    expect(result.waited.output).toMatch(/app-1 +done +already serves .*\n.*app-2 +done +already serves/);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
  });

  test("one that finds a stop file stops at the next safe point, and the next roll finishes", async () => {
    const { fleet, old, next } = shared;
    const lease = join(fleet.proxy.directory, "lease");
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: old.jar, timing: { soakSeconds: 4 } });
      await roller.line(phaseLine("app-1", asked));
      await mkdir(lease, { recursive: true });
      await writeFile(join(lease, "stop"), "");
      const stopped = await roller.done;
      return { stopped, between: await fleet.releases(), finished: await fleet.roll({ jar: old.jar }) };
    });
    expect(result.stopped.code).toBe(1);
    expect(result.stopped.output).toContain("the roll was stopped: someone asked the roll to stop");
    expect(result.stopped.output).toContain(
      `app-1 stayed as the roll left it; app-2 was not touched. Now: app-1 ${old.id}; app-2 ${next.id}.`,
    );
    expect(result.between).toEqual({ "app-1": old.id, "app-2": next.id });
    expect(result.finished.code, result.finished.output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
  });

  test("one whose Pulumi engine is gone stops at the next safe point by itself", async () => {
    const { fleet, old, next } = shared;
    const port = await freePort();
    const engine = createServer((socket) => socket.resume()).listen(port, "127.0.0.1");
    await once(engine, "listening");
    const { result, seen } = await fleet.underLoad(async () => {
      const settings = { jar: next.jar, timing: { soakSeconds: 5 } };
      const roller = await fleet.startRoll(settings, `127.0.0.1:${port}`);
      await roller.line(phaseLine("app-1", asked));
      engine.close();
      const stopped = await roller.done;
      return { stopped, between: await fleet.releases(), finished: await fleet.roll({ jar: next.jar }) };
    });
    expect(result.stopped.code).toBe(1);
    expect(result.stopped.output).toContain("the roll was stopped: pulumi is gone");
    expect(result.between).toEqual({ "app-1": next.id, "app-2": old.id });
    expect(result.finished.code, result.finished.output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
  });

  test.runIf(order === "start-first")(
    "one that finds a stop file before it has admitted anything leaves everything as it was",
    async () => {
      const { fleet, old, next } = shared;
      const { result, seen } = await fleet.underLoad(async () => {
        const roller = await fleet.startRoll({ jar: old.jar, health: { passes: 60 } });
        await roller.line(phaseLine("app-1", "start"));
        await writeFile(join(fleet.proxy.directory, "lease", "stop"), "");
        return roller.done;
      });
      expect(result.code).toBe(1);
      expect(result.output).toContain("the roll was stopped: someone asked the roll to stop");
      expect(result.output).toContain(`Now: app-1 ${next.id}; app-2 ${next.id}.`);
      expect(result.output).not.toMatch(phaseLine("app-1", "(admit|drain)"));
      expect(seen.lost).toEqual([]);
      await shared.expectAllOn(next);
    },
  );

  test.runIf(order === "start-first")(
    "one that was frozen in its soak changes nothing after another has taken over and finished",
    async () => {
      const { fleet, old } = shared;
      const { result, seen } = await fleet.underLoad(async () => {
        const frozen = await fleet.startRoll({ jar: old.jar, timing: { soakSeconds: 4 } });
        await frozen.line(phaseLine("app-1", "settle"));
        process.kill(frozen.pid, "SIGSTOP");
        const finished = await fleet.roll({ jar: old.jar, timing: { leaseWaitSeconds: 60 } });
        const before = await runningPids();
        process.kill(frozen.pid, "SIGCONT");
        return { finished, before, thawed: await frozen.done, after: await runningPids() };
      });
      expect(result.finished.code, result.finished.output).toBe(0);
      expect(result.thawed.code, result.thawed.output).toBe(1);
      expect(result.thawed.output).toContain("has taken over this fleet");
      expect(result.after).toEqual(result.before);
      expect(seen.lost).toEqual([]);
      await shared.expectAllOn(old);
    },
  );

  function runningPids() {
    return Promise.all(shared.fleet.hosts.map(async ({ name }) => (await shared.fleet.running(name))?.pid));
  }
});
