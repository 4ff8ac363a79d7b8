import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { unexplained } from "../../harness/localFleet.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { until } from "../../harness/until.ts";
import { type Foreigner, grabPort, startForeignJvm } from "../support/foreigner.ts";
import { market } from "../support/market.ts";
import { listenerOn } from "../support/tcpTable.ts";
import { useFleet } from "./useFleet.ts";

describe("a host on which something goes wrong", { timeout: 240_000 }, () => {
  const shared = useFleet(2);
  const foreigners: Foreigner[] = [];

  afterEach(async () => {
    for (const foreigner of foreigners.splice(0)) await foreigner.end();
  });

  test("goes back if its new JVM is killed for memory before it takes traffic: nothing is lost", async () => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar });
      await roller.line(phaseLine("app-1", "start"));
      await fleet.killJvm("app-1");
      return roller.done;
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toMatch(
      new RegExp(
        `app-1 failed its health gate on ${next.id}: the process ended by itself; nginx saw .*\\. app-1 is back on ${old.id}; app-2 was not touched\\. Now: app-1 ${old.id}; app-2 ${old.id}\\.`,
      ),
    );
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
  });

  test("goes back if its new JVM is killed for memory in its soak: only requests in flight are lost", async () => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar, timing: { soakSeconds: 5 } });
      await roller.line(phaseLine("app-1", "admit"));
      await sleep(500);
      const killedAt = await fleet.killJvm("app-1");
      return { ...(await roller.done), killedAt };
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toContain(`app-1 failed its soak gate on ${next.id}: the process ended by itself`);
    expect(result.output).toContain(`app-1 is back on ${old.id}; app-2 was not touched.`);
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    await shared.expectAllOn(old);
  });

  test("is not touched while a foreign JVM answers on its port; the roll names it, and the next one finishes", async () => {
    const { fleet, old, next } = shared;
    const { port } = fleet.host("app-1");
    const { result, seen } = await fleet.underLoad(async () => {
      await fleet.drain("app-1");
      await sleep(1000);
      await fleet.killJvm("app-1");
      const stranger = startForeignJvm(fleet, (await market({ version: "1.0.0" })).jar, port);
      foreigners.push(stranger);
      await until(async () => (await listenerOn("127.0.0.1", port)) !== undefined);
      const refused = await fleet.roll({ jar: next.jar });
      const untouched = await fleet.releases();
      await stranger.end();
      return { stranger, refused, untouched, healed: await fleet.roll({ jar: next.jar }) };
    });
    expect(result.refused.code).toBe(1);
    expect(result.refused.output).toMatch(
      new RegExp(`port ${port} of app-1 is taken by pid ${result.stranger.pid} \\(java .*\\)`),
    );
    expect(result.refused.output).toContain("No host was touched.");
    expect(result.untouched).toEqual({ "app-1": "nothing", "app-2": old.id });
    expect(result.healed.code, result.healed.output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
  });

  test("stays drained if another process takes its port between stop and start, and the next roll repairs it", async () => {
    const { fleet, old, next } = shared;
    const { port } = fleet.host("app-1");
    const { result, seen } = await fleet.underLoad(async () => {
      const grabber = grabPort(fleet, port);
      foreigners.push(grabber);
      const failed = await fleet.roll({ jar: old.jar });
      const left = { releases: await fleet.releases(), served: await fleet.served(1) };
      await grabber.end();
      return { grabber, failed, left, healed: await fleet.roll({ jar: old.jar }) };
    });
    const taken = `port ${port} of app-1 is taken by pid ${result.grabber.pid} `;
    expect(result.failed.code).toBe(1);
    expect(result.failed.output).toContain(`app-1 failed its start gate on ${old.id}: ${taken}`);
    expect(result.failed.output).toContain(`Going back to ${next.id} failed too (${taken}`);
    expect(result.failed.output).toMatch(/app-1 stays drained; app-2 was not touched/);
    expect(result.left).toEqual({
      releases: { "app-1": "nothing", "app-2": next.id },
      served: { "app-2": next.version },
    });
    expect(result.healed.code, result.healed.output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
  });

  test("is not admitted if another process answers UP on its port while the new JVM starts, and the next roll repairs it", async () => {
    const { fleet, old, next } = shared;
    const { port } = fleet.host("app-1");
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar });
      await until(async () => (await fleet.running("app-1"))?.release === next.id);
      const impostor = grabPort(fleet, port);
      foreigners.push(impostor);
      const failed = await roller.done;
      const left = { releases: await fleet.releases(), served: await fleet.served(1) };
      await impostor.end();
      return { impostor, failed, left, healed: await fleet.roll({ jar: next.jar }) };
    });
    const { pid } = result.impostor;
    expect(result.failed.code).toBe(1);
    expect(result.failed.output).toMatch(
      new RegExp(
        `app-1 failed its health gate on ${next.id}: (port ${port} is answered by pid ${pid} .*, not by the release|the process ended by itself)`,
      ),
    );
    expect(result.failed.output).toContain(
      `Going back to ${old.id} failed too (port ${port} of app-1 is taken by pid ${pid} `,
    );
    expect(result.failed.output).toMatch(/app-1 stays drained; app-2 was not touched/);
    expect(result.failed.output).not.toMatch(phaseLine("app-1", "admit"));
    expect(result.left).toEqual({
      releases: { "app-1": "nothing", "app-2": old.id },
      served: { "app-2": old.version },
    });
    expect(result.healed.code, result.healed.output).toBe(0);
    expect(seen.versions).not.toHaveProperty("foreign");
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
  });

  test("comes back after a reboot in the middle of a roll, which kills nginx, every JVM and the deployer", async () => {
    const { fleet } = shared;
    const release = await shared.other();
    const roller = await fleet.startRoll({ jar: release.jar });
    await roller.line(phaseLine("app-1", "start"));
    await roller.kill();
    for (const { name } of fleet.hosts) await fleet.killJvm(name);
    await fleet.killNginx();
    await fleet.serveNginx();
    const { code, output } = await fleet.roll({ jar: release.jar });
    expect(code, output).toBe(0);
    await shared.expectAllOn(release);
    if (release.id !== shared.next.id) expect((await fleet.roll({ jar: shared.next.jar })).code).toBe(0);
  });

  test("is admitted without a restart if a dead deployer left it drained but healthy", async () => {
    const { fleet, next } = shared;
    const before = await fleet.running("app-1");
    const { result, seen } = await fleet.underLoad(async () => {
      await fleet.drain("app-1");
      return fleet.roll({ jar: next.jar });
    });
    expect(result.code, result.output).toBe(0);
    expect(result.output).toMatch(/app-1 +admit +takes traffic/);
    expect(result.output).toMatch(/app-2 +done +already serves/);
    expect(await fleet.running("app-1")).toEqual(before);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
    await rm(fleet.flag("app-1"), { force: true });
  });
});
