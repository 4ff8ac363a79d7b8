import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hashFile } from "#rollout/release/hashFile.ts";
import { LocalFleet } from "../../harness/localFleet.ts";
import { damageRelease } from "../support/damageRelease.ts";
import { hangFile } from "../support/hangingFile.ts";
import { useFleet } from "./useFleet.ts";

const IS_ROOT = process.getuid?.() === 0;
/** Space for little more than one jar of 22 MB. */
const SMALL_DISK = "size=36m";

describe("files of a host", { timeout: 240_000 }, () => {
  const shared = useFleet(2, (fleet) => (IS_ROOT ? mountSmallDisk(fleet) : Promise.resolve()));
  const mounts: string[] = [];

  // Runs before the fleet is removed, since the latest hook runs first.
  afterAll(() => {
    for (const mount of mounts) execFileSync("umount", ["--lazy", mount]);
  });

  test.skipIf(!IS_ROOT)(
    "are not half-written if the disk is full: no host is touched, and no space is used up (skipped unless root, who may mount a small disk)",
    async () => {
      const { fleet, old, next } = shared;
      const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: next.jar }));
      expect(result.code).toBe(1);
      const place = `${next.id} in ${fleet.host("app-2").directory}`;
      expect(result.output).toMatch(
        new RegExp(
          `no space left for ${place}: \\d+ KiB are free, \\d+ KiB are needed\\. No host was touched\\.`,
        ),
      );
      expect(readdirSync(join(fleet.host("app-2").directory, "releases"))).toEqual([old.id]);
      expect(seen.lost).toEqual([]);
      await shared.expectAllOn(old);
      for (const mount of mounts) execFileSync("mount", ["-o", "remount,size=400m", mount]);
      expect((await fleet.roll({ jar: next.jar })).code).toBe(0);
    },
  );

  test("are staged again if they were damaged before a roll", async () => {
    const { fleet } = shared;
    const target = await shared.other();
    expect((await fleet.roll({ jar: target.jar })).code).toBe(0);
    const back = await shared.other();
    const jar = damageRelease(fleet, "app-2", back.id);
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: back.jar }));
    expect(result.code, result.output).toBe(0);
    expect(await hashFile(jar)).toBe(await hashFile(back.jar));
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(back);
  });

  test("cannot be rolled back to by name if the kept release is damaged: no host is touched", async () => {
    const { fleet } = shared;
    const kept = await shared.other();
    const running = kept === shared.old ? shared.next : shared.old;
    damageRelease(fleet, "app-1", kept.id);
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ release: kept.version }));
    expect(result.code).toBe(1);
    expect(result.output).toContain(
      `app-1 does not have a complete release ${kept.id}. No host was touched.`,
    );
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(running);
  });

  test("bring a host back to its release and environment if a new environment breaks the start, and show no secret", async () => {
    const { fleet } = shared;
    const release = await shared.other();
    const good = { DATABASE_PASSWORD: "the-old-password", SPRING_APPLICATION_NAME: "the-old-secret-name" };
    expect((await fleet.roll({ jar: release.jar, environment: good })).code).toBe(0);
    const before = await fleet.running("app-1");
    // The application itself prints this value, because it is not a known fault.
    const bad = { ...good, DATABASE_PASSWORD: "the-new-password", MARKET_FAULT: "the-new-secret-fault" };
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: release.jar, environment: bad }));
    expect(result.code).toBe(1);
    expect(result.output).toContain(
      `${release.id}, started with other environment.DATABASE_PASSWORD and environment.MARKET_FAULT: `,
    );
    expect(result.output).toContain(
      `app-1 is back on ${release.id} with its previous options; app-2 was not touched`,
    );
    expect(result.output).toMatch(/^ {4}.*\[secret\].*unknown market\.fault '\[secret\]'/m);
    expect(result.output).not.toMatch(/the-(old|new)-/);
    const after = await fleet.running("app-1");
    expect(after).toEqual({ ...before, pid: after?.pid });
    expect(after?.pid).not.toBe(before?.pid);
    expect(fleet.environmentOf(after?.pid ?? 0)).toMatchObject(good);
    expect(fleet.environmentOf(after?.pid ?? 0)).not.toHaveProperty("MARKET_FAULT");
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(release);
  });

  test("stop a roll in time if the disk of a host hangs, which is reported, and the next roll finishes", async () => {
    const { fleet } = shared;
    const target = await shared.other();
    const running = target === shared.old ? shared.next : shared.old;
    const { result, seen } = await fleet.underLoad(async () => {
      const disk = hangFile(join(fleet.host("app-2").directory, "last-known-good.json"));
      const roller = await fleet.startRoll({ jar: target.jar, health: { deadlineSeconds: 8 } });
      const stopped = await roller.done.finally(disk.mend);
      return { stopped, between: await fleet.releases(), finished: await fleet.roll({ jar: target.jar }) };
    });
    expect(result.stopped.code).toBe(1);
    // An earlier test has given the hosts an environment that this roll does not know.
    expect(result.stopped.output).toMatch(
      new RegExp(
        `app-1 was not taken out: at least 1 of the others must serve, but app-2 does not \\(unreachable: it does not answer\\); app-2 was not touched\\. Now: app-1 ${running.id}(, started with other options)?; app-2 unreachable\\.`,
      ),
    );
    expect(result.between).toEqual({ "app-1": running.id, "app-2": running.id });
    expect(result.finished.code, result.finished.output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(target);
  });

  test("with secrets are readable only by their owner", () => {
    const { fleet } = shared;
    for (const { directory } of fleet.hosts) {
      const launches = join(directory, "launches");
      const files = readdirSync(launches).filter((name) => name.endsWith(".json"));
      expect(files.length).toBeGreaterThan(0);
      expect(statSync(launches).mode & 0o777).toBe(0o700);
      for (const file of files) expect(statSync(join(launches, file)).mode & 0o777, file).toBe(0o600);
    }
  });

  test("are never writable by others, even with a deployer's umask of 0", async () => {
    const before = process.umask(0);
    const open = await LocalFleet.create(1).finally(() => process.umask(before));
    try {
      process.umask(0);
      const { code, output } = await open.roll({ jar: shared.old.jar }).finally(() => process.umask(before));
      expect(code, output).toBe(0);
      const ours = [open.proxy.directory, ...open.hosts.map(({ directory }) => directory)].flatMap(
        filesUnder,
      );
      expect(ours.length).toBeGreaterThan(15);
      expect(ours.filter((file) => (lstatSync(file).mode & 0o022) !== 0)).toEqual([]);
    } finally {
      await open.remove();
    }
  });

  /** Without links, whose own mode means nothing. */
  function filesUnder(directory: string): string[] {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isSymbolicLink());
    return [directory, ...files.map(({ parentPath, name }) => join(parentPath, name))];
  }

  async function mountSmallDisk(fleet: LocalFleet): Promise<void> {
    const releases = join(fleet.host("app-2").directory, "releases");
    await mkdir(releases, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", SMALL_DISK, "rollgate-test", releases]);
    mounts.push(releases);
  }
});
