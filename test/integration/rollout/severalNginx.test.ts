import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import type { LocalProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import { create, read, remove } from "#provider/nginx.ts";
import { describeMember } from "#rollout/roll/describeMember.ts";
import { LocalFleet } from "../../../harness/localFleet.ts";
import { runningNginx } from "../../../harness/nginxProcess.ts";
import { Traffic } from "../../../harness/traffic.ts";
import { fakeJar, fakeJava } from "../../support/fakeJava.ts";
import { versionServed } from "../../support/localDeployment.ts";
import { NGINX } from "../../support/nginx.ts";

const REQUESTS_PER_SECOND = 100;

vi.setConfig({ testTimeout: 90_000 });

/** Two hosts that run 1.0.0 behind two nginx, and how to roll them. */
async function behindTwo() {
  const fleet = await LocalFleet.create(2, undefined, { second: true, order: "start-first" });
  onTestFinished(() => fleet.remove());
  const other = await fleet.addNginx();
  const java = await fakeJava();
  const roll = async (version: string, onPhase?: (phase: string, host?: string) => void) =>
    fleet.rollHere(await fakeJar({ version }), onPhase, {
      launch: { java, jvmOptions: [] },
      timing: { soakSeconds: 1 },
    });
  expect(await roll("1.0.0")).toMatchObject({ failure: undefined });
  return { fleet, other, roll };
}

/** Beside the flags is a file that tells nginx whether there are others. */
function isFlag(name: string): boolean {
  return !name.startsWith(".");
}

function flagsOf({ directory }: LocalProxyDescriptor): Promise<string[]> {
  return readdir(join(directory, "drained")).then((names) => names.filter(isFlag).sort());
}

/** What a supervisor does for an nginx that died. */
async function start({ directory }: LocalProxyDescriptor): Promise<void> {
  await promisify(execFile)(NGINX, ["-p", directory, "-c", join(directory, "nginx.conf")]);
}

test("one of two nginx is killed in the middle of a roll: nothing is lost through the other, and it comes back with the right drains", async () => {
  const { fleet, other, roll } = await behindTwo();
  let killed: Promise<number> | undefined;
  let back: Promise<void> | undefined;
  const clients = new Traffic(`http://127.0.0.1:${other.port}`, REQUESTS_PER_SECOND);
  let toOther = () => clients.stop();
  let sinceReturn: Traffic | undefined;
  const { result, seen } = await fleet.underLoad(
    () =>
      roll("1.1.0", (phase, host) => {
        if (phase === "start" && host === "app-1") {
          const before = clients.stop();
          toOther = () => before;
          killed = before.then(() => fleet.killNginx(other));
        }
        if (phase === "start" && host === "app-2") {
          back = Promise.resolve(killed).then(() => start(other));
          back.then(() => {
            sinceReturn = new Traffic(`http://127.0.0.1:${other.port}`, REQUESTS_PER_SECOND);
          });
        }
      }),
    0,
    REQUESTS_PER_SECOND,
  );
  expect(result.failure).toBeUndefined();
  await back;
  const [before, after] = [await toOther(), await sinceReturn?.stop()];
  expect({ lost: seen.lost, before: before.lost, after: after?.lost }).toEqual({
    lost: [],
    before: [],
    after: [],
  });
  expect(seen.sent).toBeGreaterThan(200);
  expect(after?.sent).toBeGreaterThan(20);
  expect(await flagsOf(other)).toEqual(["app-1", "app-2"]);
  expect(await flagsOf(other)).toEqual(await flagsOf(fleet.proxy));
  const told = result.lines.filter((line) => / nginx {5}/.test(line));
  expect(told).toEqual([
    expect.stringContaining(`nginx at http://127.0.0.1:${other.port} does not answer: `),
    expect.stringContaining(`nginx at http://127.0.0.1:${other.port} is back, with the right drains`),
  ]);
  expect(result.result?.warnings).toEqual([]);
});

test("one that is not back by the end of a roll is a warning; the next roll is refused, and the next update starts it with the drains of the others", async () => {
  const { fleet, other, roll } = await behindTwo();
  const recorded = await fleet.checkNginx({ ...other, peers: [fleet.proxy, other] });
  let killed: Promise<number> | undefined;
  const { result, failure } = await roll("1.1.0", (phase, host) => {
    if (phase === "start" && host === "app-1") killed = fleet.killNginx(other);
  });
  await killed;
  expect(failure).toBeUndefined();
  expect(result?.warnings).toEqual([
    expect.stringMatching(/^nginx at \S+ was lost during the roll and is not back .* then run `pulumi up`$/),
  ]);
  const before = [await flagsOf(fleet.proxy), await fleet.releases()];
  expect((await roll("1.2.0")).failure).toMatch(
    new RegExp(`^nginx at http://127.0.0.1:${other.port} does not answer: .*\\. No host was touched\\.$`),
  );
  expect([await flagsOf(fleet.proxy), await fleet.releases()]).toEqual(before);

  expect((await read("nginx", recorded)).props).toMatchObject({ running: false });
  await fleet.serveOther(other);
  expect(await runningNginx(other.directory)).toBeDefined();
  expect(await flagsOf(other)).toEqual(await flagsOf(fleet.proxy));
});

test("an nginx that joins a fleet starts with the drains of the others; drains of its own are shown, and repaired by the next roll", async () => {
  const { fleet, roll } = await behindTwo();
  const third = await fleet.addNginx();
  expect(await flagsOf(third)).toEqual(await flagsOf(fleet.proxy));
  expect(await versionServed(`http://127.0.0.1:${third.port}`)).toBe("1.0.0");
  expect((await fleet.member("app-1")).serving).toBe(true);

  await writeFile(join(third.directory, "drained", "app-1"), "");
  expect(describeMember(await fleet.member("app-1"))).toContain(
    `drained by nginx at http://127.0.0.1:${third.port} alone`,
  );
  expect(await roll("1.0.0")).toMatchObject({ failure: undefined });
  expect(await flagsOf(third)).toEqual(await flagsOf(fleet.proxy));
  expect((await fleet.member("app-1")).serving).toBe(true);
});

test("an nginx whose resource is deleted goes on if the first one's resource has moved on to it", async () => {
  const { fleet, other } = await behindTwo();
  const second = await fleet.checkNginx({ ...other, peers: [fleet.proxy, other], keeper: "8090" });
  await create(second);
  const first = await fleet.checkNginx(other);
  await create(first);
  await remove(second);
  expect(await versionServed(`http://127.0.0.1:${other.port}`)).toBe("1.0.0");
  expect(await flagsOf(other)).toEqual(await flagsOf(fleet.proxy));
  await remove(first);
  expect(await runningNginx(other.directory)).toBeUndefined();
  await expect(flagsOf(other)).rejects.toThrow("ENOENT");
});
