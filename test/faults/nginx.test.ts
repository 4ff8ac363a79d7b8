import { mkdir, readFile, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "../../harness/freePort.ts";
import type { LocalFleet } from "../../harness/localFleet.ts";
import { runningNginx } from "../../harness/nginxProcess.ts";
import { childrenOf } from "../../harness/processTable.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { grabPort } from "../support/foreigner.ts";
import { useFleet } from "./useFleet.ts";

/** Nothing explains a request that was sent this long before nginx died. */
const SLOWEST_REQUEST_SECONDS = 1;

describe("nginx in trouble", { timeout: 240_000 }, () => {
  const shared = useFleet(2);

  test("dies in the middle of a roll: only requests while it was away are lost, and the next roll finishes", async () => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar, health: { deadlineSeconds: 8 } });
      await roller.line(phaseLine("app-1", "start"));
      const diedAt = await fleet.killNginx();
      const failed = await roller.done;
      const between = await fleet.releases();
      await fleet.serveNginx();
      const backAt = fleet.loadSeconds;
      return { diedAt, failed, between, backAt, healed: await fleet.roll({ jar: next.jar }) };
    });
    expect(result.failed.code).toBe(1);
    expect(result.failed.output).toMatch(
      /app-1 failed its upstream gate on .*nginx at \S+ does not answer: .*ECONNREFUSED/,
    );
    expect(result.failed.output).toMatch(/app-1 stays drained; app-2 was not touched/);
    expect(result.between["app-2"]).toBe(old.id);
    expect(result.healed.code, result.healed.output).toBe(0);
    const unexplained = seen.lost.filter(
      ({ atSeconds }) => atSeconds < result.diedAt - SLOWEST_REQUEST_SECONDS || atSeconds > result.backAt,
    );
    expect(unexplained).toEqual([]);
    await shared.expectAllOn(next);
  });

  test("keeps the old configuration if it rejects the new one: nothing is lost", async () => {
    const { fleet } = shared;
    const log = join(fleet.proxy.directory, "logs", "error.log");
    const before = await readFile(join(fleet.proxy.directory, "nginx.conf"), "utf8");
    const serving = await workers(fleet);
    const { result, seen } = await fleet.underLoad(async () => {
      await rename(log, `${log}.aside`);
      await mkdir(log);
      const refused = await fleet.serveNginx({ statusAllow: ["10.0.0.0/8"] }).catch(String);
      await rmdir(log);
      await rename(`${log}.aside`, log);
      return refused;
    });
    expect(result).toMatch(/nginx rejected its configuration: .*error\.log" failed \(21: Is a directory\)/);
    expect(seen.lost).toEqual([]);
    expect(await readFile(join(fleet.proxy.directory, "nginx.conf"), "utf8")).toBe(before);
    expect(await workers(fleet)).toEqual(serving);
    await fleet.serveNginx();
    expect(await workers(fleet)).toEqual(serving);
  });

  test("keeps the old configuration if the new one passes its test but not its reload: nothing is lost", async () => {
    const { fleet } = shared;
    const port = await freePort();
    const foreigner = grabPort(fleet, port);
    const inputs = { ...(await fleet.checkNginx()), port };
    const { result, seen } = await fleet.underLoad(() => fleet.serveChecked(inputs).catch(String));
    await foreigner.end();
    expect(seen.lost).toEqual([]);
    const serving = await workers(fleet);
    await fleet.serveNginx();
    expect(await workers(fleet)).toEqual(serving);
    await shared.expectAllOn(shared.next);
    expect(result).toContain("The old configuration is back in use.");
    expect(result).toMatch(
      new RegExp(
        `nginx accepted the configuration but failed to reload it: .*:${port} failed .*Address already in use`,
      ),
    );
  });
});

/** The processes that answer clients: a reload replaces all of them. */
async function workers({ proxy }: LocalFleet): Promise<number[]> {
  const master = await runningNginx(proxy.directory);
  return childrenOf(master?.pid ?? 0);
}
