import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { unexplained } from "../../harness/localFleet.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { until } from "../../harness/until.ts";
import { type Foreigner, grabPort } from "../support/foreigner.ts";
import { market } from "../support/market.ts";
import { useFleet } from "./useFleet.ts";

const STANDBY = "_standby";

describe("a host that gets its new JVM beside the old one", { timeout: 240_000 }, () => {
  const shared = useFleet(2, undefined, { second: true, order: "start-first" });
  const foreigners: Foreigner[] = [];

  afterEach(async () => {
    for (const foreigner of foreigners.splice(0)) await foreigner.end();
  });

  test("keeps serving if the new one is killed for memory before it takes traffic: nothing is lost", async () => {
    const { fleet, old, next } = shared;
    const { pid } = (await fleet.running("app-1")) ?? {};
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar });
      await roller.line(phaseLine("app-1", "start"));
      await killBeside();
      return roller.done;
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toMatch(
      new RegExp(
        `app-1 failed its health gate on ${next.id}: the process ended by itself; nginx saw .*\\. app-1 serves ${old.id}, which ran all the time; app-2 was not touched\\. Now: app-1 ${old.id}; app-2 ${old.id}\\.`,
      ),
    );
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
    expect((await fleet.running("app-1"))?.pid).toBe(pid);
  });

  test("gets the new one as usual if the old one is killed while that starts", async () => {
    const { fleet } = shared;
    const target = await shared.other();
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: target.jar });
      await roller.line(phaseLine("app-1", "start"));
      const killedAt = await fleet.killJvm("app-1");
      return { killedAt, ...(await roller.done) };
    });
    expect(result.code, result.output).toBe(0);
    expect(result.output).toMatch(/app-1 +stop +nothing was running/);
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    await shared.expectAllOn(target);
  });

  test("starts the old one again if that is killed and the new one fails, too", async () => {
    const { fleet } = shared;
    const before = await runningRelease();
    const bad = await market({ version: "1.2.0", fault: "health-down" });
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: bad.jar, health: { deadlineSeconds: 8 } });
      await roller.line(phaseLine("app-1", "start"));
      const killedAt = await fleet.killJvm("app-1");
      return { killedAt, ...(await roller.done) };
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toContain(
      `app-1 is back on ${before.id}, which had ended by itself and was started again; app-2 was not touched`,
    );
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    expect(Object.keys(seen.versions)).toEqual([before.version]);
    await shared.expectAllOn(before);
  });

  test("goes back by two flags if the deployer dies in the soak and the new one in that of the next roll", async () => {
    const { fleet } = shared;
    const before = await runningRelease();
    const target = await shared.other();
    const { pid } = (await fleet.running("app-1")) ?? {};
    const { result, seen } = await fleet.underLoad(async () => {
      const settings = { jar: target.jar, timing: { soakSeconds: 6 } };
      const dying = await fleet.startRoll(settings);
      await dying.line(phaseLine("app-1", "drain"));
      await sleep(1000);
      await dying.kill();
      const resumed = await fleet.startRoll(settings);
      await resumed.line(phaseLine("app-1", "admit"));
      await sleep(1000);
      const killedAt = await fleet.killJvm("app-1");
      return { killedAt, ...(await resumed.done) };
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toContain(`${before.id} takes all traffic again`);
    expect(result.output).toContain(`app-1 serves ${before.id}, which ran all the time`);
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    await shared.expectAllOn(before);
    expect((await fleet.running("app-1"))?.pid).toBe(pid);
  });

  test("keeps serving while another program has its second port; the roll names it, and the next one finishes", async () => {
    const { fleet } = shared;
    const [before, target] = [await runningRelease(), await shared.other()];
    const { name = "", port = 0 } = (await fleet.member("app-1")).spare?.slot ?? {};
    const { result, seen } = await fleet.underLoad(async () => {
      const grabber = grabPort(fleet, port);
      foreigners.push(grabber);
      await sleep(500);
      const refused = await fleet.roll({ jar: target.jar });
      const untouched = await fleet.releases();
      await grabber.end();
      return { grabber, refused, untouched, healed: await fleet.roll({ jar: target.jar }) };
    });
    expect(result.refused.code).toBe(1);
    expect(result.refused.output).toContain(
      `app-1 failed its start gate on ${target.id}: port ${port} of ${name} is taken by pid ${result.grabber.pid} `,
    );
    expect(result.refused.output).not.toMatch(phaseLine("app-1", "(drain|switch|start|stop)"));
    expect(result.untouched).toEqual({ "app-1": before.id, "app-2": before.id });
    expect(result.healed.code, result.healed.output).toBe(0);
    expect(seen.versions).not.toHaveProperty("foreign");
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(target);
  });

  test("keeps serving if another process answers UP on its second port while the new JVM starts", async () => {
    const { fleet } = shared;
    const [before, target] = [await runningRelease(), await shared.other()];
    const { port = 0 } = (await fleet.member("app-1")).spare?.slot ?? {};
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: target.jar });
      await until(async () => /\+/.test((await fleet.releases())["app-1"] ?? ""));
      const impostor = grabPort(fleet, port);
      foreigners.push(impostor);
      return { pid: impostor.pid, ...(await roller.done) };
    });
    expect(result.code).toBe(1);
    expect(result.output).toMatch(
      new RegExp(
        `app-1 failed its health gate on ${target.id}: (port ${port} is answered by pid ${result.pid} .*, not by the release|the process ended by itself)`,
      ),
    );
    expect(result.output).toContain(
      `app-1 serves ${before.id}, which ran all the time; app-2 was not touched`,
    );
    expect(result.output).not.toMatch(phaseLine("app-1", "admit"));
    expect(seen.versions).not.toHaveProperty("foreign");
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(before);
  });

  test("is admitted without a restart if a dead deployer left it drained but healthy", async () => {
    const { fleet } = shared;
    const before = await runningRelease();
    const app = await fleet.running("app-1");
    const { slot } = await fleet.member("app-1");
    const { result, seen } = await fleet.underLoad(async () => {
      await fleet.drain(slot.name);
      return fleet.roll({ jar: before.jar });
    });
    expect(result.code, result.output).toBe(0);
    expect(result.output).toMatch(/app-1 +admit +takes traffic/);
    expect(await fleet.running("app-1")).toEqual(app);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(before);
  });

  test("comes back after a reboot in its soak, which kills nginx, every JVM and the deployer", async () => {
    const { fleet } = shared;
    const target = await shared.other();
    const roller = await fleet.startRoll({ jar: target.jar, timing: { soakSeconds: 6 } });
    await roller.line(phaseLine("app-1", "settle"));
    await roller.kill();
    await killBeside();
    for (const { name } of fleet.hosts) await fleet.killJvm(name);
    await fleet.killNginx();
    await fleet.serveNginx();
    const { code, output } = await fleet.roll({ jar: target.jar });
    expect(code, output).toBe(0);
    expect(existsSync(fleet.flag(STANDBY))).toBe(false);
    await shared.expectAllOn(target);
  });

  test("has two JVMs while nginx dies in its soak: only requests while it was away are lost, and the next roll finishes", async () => {
    const { fleet } = shared;
    const target = await shared.other();
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: target.jar, timing: { soakSeconds: 4 } });
      await roller.line(phaseLine("app-1", "settle"));
      const diedAt = await fleet.killNginx();
      const failed = await roller.done;
      await fleet.serveNginx();
      const backAt = fleet.loadSeconds;
      return { diedAt, failed, backAt, healed: await fleet.roll({ jar: target.jar }) };
    });
    expect(result.failed.code, result.failed.output).toBe(1);
    expect(result.failed.output).toMatch(/nginx at \S+ does not answer: .*ECONNREFUSED/);
    expect(result.healed.code, result.healed.output).toBe(0);
    expect(
      seen.lost.filter(({ atSeconds }) => atSeconds < result.diedAt - 1 || atSeconds > result.backAt),
    ).toEqual([]);
    expect(existsSync(fleet.flag(STANDBY))).toBe(false);
    await shared.expectAllOn(target);
  });

  /** Kills the JVM in the slot that does not serve. */
  async function killBeside(): Promise<void> {
    const { pid } = (await shared.fleet.member("app-1")).spare?.running ?? {};
    if (pid === undefined) throw new Error("app-1 runs nothing in its other slot");
    process.kill(pid, "SIGKILL");
  }

  async function runningRelease() {
    return (await shared.other()) === shared.old ? shared.next : shared.old;
  }
});
