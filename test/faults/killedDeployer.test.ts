import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { LocalFleet } from "../../harness/localFleet.ts";
import type { RollSettings } from "../../harness/realFleet.ts";
import { phaseLine, type RollerProcess } from "../../harness/rollerProcess.ts";
import { until } from "../../harness/until.ts";
import type { Market } from "../support/market.ts";
import { useFleet } from "./useFleet.ts";

interface Moment {
  readonly phase: string;
  /** Of the roll that is killed. */
  readonly settings?: RollSettings;
  /** Resolves while the first host is in the phase. */
  reach(fleet: LocalFleet, roller: RollerProcess, target: Market): Promise<void>;
}

const HOST = "app-1";
// The first: the release is not kept on the hosts yet.
const STAGE: Moment = { phase: "stage", reach: (fleet) => until(() => stagingIn(fleet).length > 0) };
const SWITCH: Moment = {
  phase: "switch",
  reach: (fleet, _, target) => until(async () => (await fleet.observe(HOST)).current === target.id),
};
const HEALTH: Moment = {
  phase: "health",
  reach: async (_, roller) => {
    await roller.line(phaseLine(HOST, "start"));
    await sleep(500);
  },
};
const HOOK: Moment = {
  phase: "beforeRoll",
  settings: { hooks: { beforeRoll: [{ command: "sleep 5", where: "first-host", deadlineSeconds: 30 }] } },
  reach: (_, roller) => roller.line(phaseLine(HOST, "hook")),
};
const WARM_UP: Moment = {
  phase: "warm-up",
  settings: { warmUp: { paths: ["/slow?ms=500"], requests: 1000, seconds: 20 } },
  reach: async (_, roller) => {
    await roller.line(phaseLine(HOST, "upstream"));
    await sleep(700);
  },
};
const UPSTREAM: Moment = { phase: "upstream", reach: (_, roller) => roller.line(phaseLine(HOST, "health")) };

const STOP_FIRST: readonly Moment[] = [
  STAGE,
  HOOK,
  { phase: "drain", reach: (fleet) => until(() => existsSync(fleet.flag(HOST))) },
  { phase: "settle", reach: (_, roller) => roller.line(phaseLine(HOST, "drain")) },
  {
    phase: "stop",
    reach: (fleet) => until(async () => (await logOf(fleet)).includes("Commencing graceful shutdown")),
  },
  SWITCH,
  {
    phase: "start",
    reach: (fleet, _, target) => until(async () => (await fleet.running(HOST))?.release === target.id),
  },
  HEALTH,
  UPSTREAM,
  WARM_UP,
  {
    phase: "admit",
    reach: async (fleet) => {
      await until(() => existsSync(fleet.flag(HOST)));
      await until(() => !existsSync(fleet.flag(HOST)));
    },
  },
  {
    phase: "soak",
    reach: async (_, roller) => {
      await roller.line(phaseLine(HOST, "admit"));
      await sleep(300);
    },
  },
];

const START_FIRST: readonly Moment[] = [
  STAGE,
  HOOK,
  SWITCH,
  {
    phase: "start",
    reach: (fleet) => until(async () => /\+/.test((await fleet.releases())[HOST] ?? "")),
  },
  HEALTH,
  UPSTREAM,
  WARM_UP,
  { phase: "admit", reach: (_, roller) => roller.line(phaseLine(HOST, "upstream")) },
  { phase: "drain", reach: (_, roller) => roller.line(phaseLine(HOST, "admit")) },
  { phase: "settle", reach: (_, roller) => roller.line(phaseLine(HOST, "drain")) },
  {
    phase: "soak",
    reach: async (_, roller) => {
      await roller.line(phaseLine(HOST, "drain"));
      await sleep(1000);
    },
  },
  { phase: "stop", reach: (_, roller) => roller.line(phaseLine(HOST, "soak")) },
];

describe.each([
  { order: "stop-first", size: 2, moments: STOP_FIRST },
  { order: "start-first", size: 2, moments: START_FIRST },
] as const)(
  "a deployer that is killed while it rolls $order",
  { timeout: 240_000 },
  ({ order, size, moments }) => {
    const shared = useFleet(size, undefined, { order, second: order === "start-first" });

    test.each(moments)(
      "in $phase loses no request, and the next roll finishes",
      async ({ reach, settings = {} }) => {
        const { fleet } = shared;
        const target = await shared.other();
        const { result, seen } = await fleet.underLoad(async () => {
          const roller = await fleet.startRoll({
            ...settings,
            jar: target.jar,
            timing: { soakSeconds: 2 },
          });
          await reach(fleet, roller, target);
          const killed = await roller.kill();
          await sleep(300);
          return { killed, next: await fleet.roll({ jar: target.jar }) };
        });
        expect(result.killed.code).toBeUndefined();
        expect(stagingIn(fleet)).toEqual([]);
        expect(result.next.code, result.next.output).toBe(0);
        expect(result.next.output.split("\n")[2], "the interrupted host is the first").toContain(HOST);
        expect(seen.lost).toEqual([]);
        await shared.expectAllOn(target);
      },
    );

    test.each(["soak", "stop"])("after the %s of the last host loses no request either", async (phase) => {
      const { fleet } = shared;
      const target = await shared.other();
      const { result, seen } = await fleet.underLoad(async () => {
        const roller = await fleet.startRoll({ jar: target.jar, timing: { soakSeconds: 2 } });
        await roller.line(phaseLine(fleet.hosts.at(-1)?.name ?? "", phase));
        const killed = await roller.kill();
        return { killed, next: await fleet.roll({ jar: target.jar }) };
      });
      expect(result.killed.code).toBeUndefined();
      expect(result.next.code, result.next.output).toBe(0);
      expect(seen.lost).toEqual([]);
      await shared.expectAllOn(target);
    });
  },
);

describe("a deployer that is killed", { timeout: 240_000 }, () => {
  const shared = useFleet(2);

  test("while a host goes back loses no request, and the next roll finishes", async () => {
    const { fleet } = shared;
    const target = await shared.other();
    const before = target === shared.old ? shared.next : shared.old;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: target.jar });
      await roller.line(phaseLine(HOST, "start"));
      await fleet.killJvm(HOST);
      await roller.line(phaseLine(HOST, "restore"));
      await until(async () => (await fleet.running(HOST))?.release === before.id);
      const killed = await roller.kill();
      const left = await fleet.observe(HOST);
      return { killed, left, next: await fleet.roll({ jar: target.jar }) };
    });
    expect(result.killed.code).toBeUndefined();
    expect(result.left).toMatchObject({ current: before.id, running: { release: before.id } });
    expect(result.next.code, result.next.output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(target);
  });
});

/** The partial uploads in the hosts' releases. */
function stagingIn(fleet: LocalFleet): string[] {
  return fleet.hosts
    .flatMap(({ directory }) => readdirSync(join(directory, "releases")))
    .filter((name) => name.startsWith("."));
}

async function logOf(fleet: LocalFleet): Promise<string> {
  return readFile(join(fleet.host(HOST).directory, "logs", "app.log"), "utf8").catch(() => "");
}
