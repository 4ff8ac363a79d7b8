import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { LocalFleet } from "../../harness/localFleet.ts";
import { phaseLine, type RollerProcess } from "../../harness/rollerProcess.ts";
import { until } from "../../harness/until.ts";
import type { Market } from "../support/market.ts";
import { useFleet } from "./useFleet.ts";

interface Moment {
  readonly phase: string;
  /** Resolves while the first host is in the phase. */
  reach(fleet: LocalFleet, roller: RollerProcess, target: Market): Promise<void>;
}

const HOST = "app-1";
const MOMENTS: readonly Moment[] = [
  // The first: the release is not kept on the hosts yet.
  { phase: "stage", reach: (fleet) => until(() => stagingIn(fleet).length > 0) },
  { phase: "drain", reach: (fleet) => until(() => existsSync(fleet.flag(HOST))) },
  { phase: "settle", reach: (_, roller) => roller.line(phaseLine(HOST, "drain")) },
  {
    phase: "stop",
    reach: (fleet) => until(async () => (await logOf(fleet)).includes("Commencing graceful shutdown")),
  },
  {
    phase: "switch",
    reach: (fleet, _, target) => until(async () => (await fleet.observe(HOST)).current === target.id),
  },
  {
    phase: "start",
    reach: (fleet, _, target) => until(async () => (await fleet.running(HOST))?.release === target.id),
  },
  {
    phase: "health",
    reach: async (_, roller) => {
      await roller.line(phaseLine(HOST, "start"));
      await sleep(500);
    },
  },
  { phase: "upstream", reach: (_, roller) => roller.line(phaseLine(HOST, "health")) },
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

describe("a deployer that is killed", { timeout: 240_000 }, () => {
  const shared = useFleet(2);

  test.each(MOMENTS)("in $phase loses no request, and the next roll finishes", async ({ reach }) => {
    const { fleet } = shared;
    const target = await shared.other();
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: target.jar, timing: { soakSeconds: 2 } });
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
  });

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
