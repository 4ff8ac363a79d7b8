import { describe, expect, test } from "vitest";
import type { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { StartupCache } from "#rollout/startupCache/startupCache.ts";
import { until } from "../../harness/until.ts";
import { answerOf, hostOf, install, type NewHost } from "./appHost.ts";

const { signal } = new AbortController();
const TIME = 1_700_000_000;
const LATER = TIME + 60;

/** A JDK around the fake Java, which can unpack a jar, and whose jcmd writes what begins like an archive of classes. */
const MAKE_JDK = `
mkdir -p "$1/jdk/bin" && cd "$1/jdk" || exit 1
echo 'JAVA_VERSION="17.0.15"' > release
cat > bin/java <<END
#!/bin/sh
case " \\$* " in *" -Djarmode=tools "*) for to; do :; done; mkdir "\\$to" && cp app.jar "\\$to"; exit ;; esac
exec '$2' "\\$@"
END
cat > bin/jcmd <<'END'
#!/bin/sh
for file; do :; done
printf '\\250\\253\\013\\360 classes' > "$file"
END
chmod 755 bin/*`;

interface Opened extends NewHost {
  readonly host: MachineAppHost;
  readonly cache: Pick<StartupCache, keyof StartupCache>;
}

/** The behaviour of hosts with a startup cache; `share` says whether all that `open` gives are on one machine. */
export function describeStartupCache(open: () => Promise<NewHost>, share: boolean): void {
  describe("the startup cache of an app host", () => {
    async function openWithJdk(): Promise<Opened> {
      const opened = await open();
      const { machine, directory } = opened;
      await machine.run(MAKE_JDK, [directory, opened.launch.java]);
      const launch = { ...opened.launch, java: `${directory}/jdk/bin/java` };
      const host = hostOf({ ...opened, launch }, { startupCache: true });
      if (!host.startupCache) throw new Error("there is none");
      return { ...opened, launch, host, cache: host.startupCache };
    }

    async function start(host: MachineAppHost): Promise<readonly string[]> {
      await host.start(host.launch);
      await until(async () => (await host.probe(signal)).up, 10);
      return (await answerOf(host)).args;
    }

    async function archiveOf({ cache }: Opened, release: string, time = TIME): Promise<string> {
      const { archive } = (await cache.prepare(release, true, time)) ?? {};
      if (archive === undefined) throw new Error("there can be no archive of classes");
      return archive;
    }

    async function record({ host, cache }: Opened, release: string, archive: string): Promise<void> {
      await cache.record(release, (await host.runningApp())?.pid ?? 0, archive);
    }

    test("holds the classes of the application that runs, with which it and other hosts start from then on", async () => {
      const [first, second] = [await openWithJdk(), await openWithJdk()];
      const release = await install(first.host, { version: "1.0.0" });
      await install(second.host, { version: "1.0.0" });
      const archive = await archiveOf(first, release);

      expect(await start(first.host)).toContain("-XX:+RecordDynamicDumpInfo");
      await record(first, release, archive);
      expect(await first.cache.prepare(release, false, LATER)).toEqual({ archive, isThere: true });
      // What it was written to.
      await until(async () => (await first.machine.run('ls -A "$1/work"', [first.directory])) === "", 10);

      expect(await archiveOf(second, release, LATER)).toBe(archive);
      const classes = await first.cache.read(release, archive);
      expect(await second.cache.copyFrom(first.cache, release, archive)).toBe(share);
      if (!share) await second.cache.install(release, archive, classes);
      expect(await second.cache.read(release, archive)).toMatchObject({
        sha256: classes.sha256,
        time: String(TIME),
      });
      await first.host.stop(10);
      for (const { host, directory } of [first, second]) {
        const args = await start(host);
        const unpacked = `releases/${release}/startup`;
        expect(args).toContain(`-XX:SharedArchiveFile=${directory}/${unpacked}/${archive}`);
        expect(args[args.indexOf("-jar") + 1]).toBe(`../${unpacked}/app.jar`);
        expect(await host.runningApp()).toMatchObject({ release, launch: host.launch });
        expect(await host.portOwner()).toEqual({ kind: "application", release });
        expect(await host.stop(10)).toEqual({ killed: false });
      }
    });

    test("copies what a host on the same machine has unpacked, unless it is damaged", async () => {
      const [first, second] = [await openWithJdk(), await openWithJdk()];
      const release = await install(first.host, { version: "1.0.0" });
      await install(second.host, { version: "1.0.0" });
      const archive = await archiveOf(first, release);
      const script = `sed -i 's/^case .*/case "$*" in *-Djarmode=tools*) echo asked Java >\\&2; exit 1 ;; esac/' "$1/jdk/bin/java"`;
      await second.machine.run(script, [second.directory]);
      const copied = () => second.cache.prepare(release, true, LATER, undefined, first.cache);
      if (!share) return expect(copied()).rejects.toThrow("asked Java");
      const damage = (text: string) =>
        first.machine.run(`cd "$1/releases/$2/startup" && chmod u+w app.jar && ${text}`, [
          first.directory,
          release,
        ]);
      await damage("cp app.jar kept && echo >> app.jar");
      await expect(copied()).rejects.toThrow("asked Java");
      await damage("mv kept app.jar");
      expect(await copied()).toEqual({ archive, isThere: false });
      expect(await second.cache.prepare(release, false, TIME)).toEqual({ archive, isThere: false });
      const look = 'cd "$1/releases/$2/startup" && ls -A && stat -c %Y app.jar';
      expect(await second.machine.run(look, [second.directory, release])).toBe(`app.jar\nsums\n${LATER}\n`);
    });

    test("takes nothing with another hash than it was given", async () => {
      const opened = await openWithJdk();
      const release = await install(opened.host, { version: "1.0.0" });
      const archive = await archiveOf(opened, release);
      await start(opened.host);
      await record(opened, release, archive);
      const { compressed, time } = await opened.cache.read(release, archive);
      const other = { compressed, time, sha256: "0".repeat(64) };
      await expect(opened.cache.install(release, "other.jsa", other)).rejects.toThrow(
        `expected SHA-256 ${other.sha256}, got `,
      );
    });

    test("says so if the application was not started for it", async () => {
      const opened = await openWithJdk();
      const release = await install(opened.host, { version: "1.0.0" });
      await start(opened.host);
      const archive = await archiveOf(opened, release);
      await expect(record(opened, release, archive)).rejects.toThrow("it was started without");
    });

    test("is made again from the release if it was damaged, and left out if that can't be", async () => {
      const opened = await openWithJdk();
      const { host, cache, machine, directory } = opened;
      const release = await install(host, { version: "1.0.0" });
      await machine.run('touch -d @0 "$1/releases/$2"', [directory, release]);
      const found = () => machine.run('cd "$1/releases/$2" && stat -c %Y . && ls -A', [directory, release]);
      const archive = await archiveOf(opened, release);
      const script = 'cd "$1/releases/$2/startup" && chmod u+w app.jar && echo >> app.jar';
      const damage = () => machine.run(script, [directory, release]);
      await damage();
      expect(await cache.prepare(release, true, TIME)).toEqual({ archive, isThere: false });
      // The time says how long ago the release became current, which decides what is kept.
      expect(await found()).toBe("0\napp.jar\nstartup\n");
      expect(await start(host)).toContain(`../releases/${release}/startup/app.jar`);
      await host.stop(10);
      await damage();
      expect(await cache.prepare(release, false, TIME)).toBeUndefined();
      expect(await start(host)).toContain(`${directory}/releases/${release}/app.jar`);
    });
  });
}
