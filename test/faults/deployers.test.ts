import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "../../harness/freePort.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { useFleet } from "./useFleet.ts";

describe("deployers of one fleet", { timeout: 240_000 }, () => {
  const shared = useFleet(2);

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
      await roller.line(phaseLine("app-1", "start"));
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
      await roller.line(phaseLine("app-1", "start"));
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
});
