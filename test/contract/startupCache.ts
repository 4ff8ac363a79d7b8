import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { StartupCache } from "#rollout/startupCache/startupCache.ts";
import { until } from "../../harness/until.ts";
import { answerOf, hostOf, install, type NewHost } from "./appHost.ts";

const { signal } = new AbortController();
const TIME = 1_700_000_000;
const LATER = TIME + 60;

/** A Java around the fake one, which can unpack a jar, list classes, and make of them what begins like an archive. */
const MAKE_JDK = `
mkdir -p "$1/jdk/bin" && cd "$1/jdk" || exit 1
echo 'JAVA_VERSION="17.0.15"' > release
cat > bin/java <<END
#!/bin/sh
for option; do case \\$option in
  -Djarmode=tools) for to; do :; done; mkdir -p "\\$to/lib" && cp app.jar "\\$to" && echo b > "\\$to/lib/b.jar" && echo a > "\\$to/lib/a.jar"; exit ;;
  -XX:DumpLoadedClassList=*) printf 'java/lang/Object\\nin part' > "\\\${option#*=}" ;;
  -XX:SharedClassListFile=*) list=\\$(cat "\\\${option#*=}") ;;
  -XX:SharedArchiveFile=*) archive=\\\${option#*=} ;;
  @*/classpath) printf '\\250\\253\\013\\360 %s of %s' "\\$list" "\\$(cat "\\\${option#@}")" > "\\$archive"; exit ;;
  @*) set -- "\\$@" \\$(sed 's/-cp .*:\\([^:]*\\) demo.Main/-jar \\1/' "\\\${option#@}") ;;
esac; done
exec '$2' "\\$@"
END
chmod 755 bin/*`;

const UNPACKING = { mainClass: "demo.Main", shared: ["b.jar", "a.jar"] };

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
      const { archive } = (await cache.prepare(release, UNPACKING, time)) ?? {};
      if (archive === undefined) throw new Error("there can be no archive of classes");
      return archive;
    }

    async function make({ host, cache }: Opened, archive: string): Promise<void> {
      await cache.make((await host.runningApp())?.pid ?? 0, archive);
    }

    test("holds the classes of the application that runs, with which it and other hosts start from then on", async () => {
      const [first, second] = [await openWithJdk(), await openWithJdk()];
      const release = await install(first.host, { version: "1.0.0" });
      await install(second.host, { version: "1.0.0" });
      const archive = await archiveOf(first, release);

      expect((await start(first.host)).join()).toContain("-XX:DumpLoadedClassList=");
      await make(first, archive);
      expect(await first.cache.prepare(release, undefined, LATER)).toEqual({ archive, isThere: true });
      // Nothing of what it was made with.
      const left = await first.machine.run('ls -A "$1"/dependencies/*', [first.directory]);
      const [dependencies = "", name] = archive.split("/");
      expect(left.trim().split("\n")).toEqual([
        name,
        `${name}.sum`,
        "a.jar",
        "b.jar",
        "classpath",
        "names",
        "sums",
      ]);

      expect(await archiveOf(second, release, LATER)).toBe(archive);
      const classes = await first.cache.read(archive);
      const path = ["b.jar", "a.jar"].map((jar) => `../dependencies/${dependencies}/${jar}`).join(":");
      expect(gunzipSync(classes.compressed).toString("latin1")).toContain(`java/lang/Object of -cp ${path}`);
      expect(await second.cache.copyFrom(first.cache, archive)).toBe(share);
      if (!share) await second.cache.install(archive, classes);
      expect(await second.cache.read(archive)).toMatchObject({ sha256: classes.sha256 });
      await first.host.stop(10);
      for (const { host, directory } of [first, second]) {
        const args = await start(host);
        const unpacked = `../releases/${release}/startup`;
        expect(args).toContain(`-XX:SharedArchiveFile=${directory}/dependencies/${archive}`);
        expect(args).toContain(`@${unpacked}/start`);
        expect(args[args.indexOf("-jar") + 1]).toBe(`${unpacked}/app.jar`);
        expect(await host.runningApp()).toMatchObject({ release, launch: host.launch });
        expect(await host.portOwner()).toEqual({ kind: "application", release });
        expect(await host.stop(10)).toEqual({ killed: false });
      }
    });

    test("holds for the next release with the same libraries, and goes with the last one that has them", async () => {
      const opened = await openWithJdk();
      const { host, cache, machine, directory } = opened;
      const [old, next] = [
        await install(host, { version: "1.0.0" }),
        await install(host, { version: "1.1.0" }),
      ];
      const archive = await archiveOf(opened, old);
      await host.switchTo(old);
      await start(host);
      await make(opened, archive);
      await host.stop(10);
      expect(await cache.prepare(next, UNPACKING, LATER)).toEqual({ archive, isThere: true });
      await host.switchTo(next);
      const args = await start(host);
      expect(args).toContain(`-XX:SharedArchiveFile=${directory}/dependencies/${archive}`);
      expect(args[args.indexOf("-jar") + 1]).toBe(`../releases/${next}/startup/app.jar`);

      const last = await install(host, { version: "1.2.0" });
      await machine.run('cd "$1/releases" && rm -rf "$2" "$3"', [directory, old, next]);
      const other = await cache.prepare(last, { ...UNPACKING, shared: ["a.jar"] }, LATER);
      const [kept] = other?.archive?.split("/") ?? [];
      expect(other).toEqual({ archive: expect.not.stringContaining(archive), isThere: false });
      expect(await machine.run('ls "$1/dependencies"', [directory])).toBe(`${kept}\n`);
      const look =
        'cd "$1" && ls releases/*/startup/lib && stat -c %Y dependencies/*/a.jar releases/*/startup/app.jar';
      expect(await machine.run(look, [directory])).toBe(`b.jar\n946684800\n${LATER}\n`);
    });

    test("starts from the unpacked files if releases share no libraries", async () => {
      const opened = await openWithJdk();
      const release = await install(opened.host, { version: "1.0.0" });
      const unpacking = { ...UNPACKING, shared: [] };
      const obstacle = "releases share no libraries";
      expect(await opened.cache.prepare(release, unpacking, TIME)).toEqual({ obstacle, isThere: false });
      const args = await start(opened.host);
      expect(args).toContain(`@../releases/${release}/startup/start`);
      expect(args.join()).not.toContain("ClassList");
      const words = await opened.machine.run('cat "$1"/releases/*/startup/start', [opened.directory]);
      expect(words).toBe(`-jar ../releases/${release}/startup/app.jar\n`);
    });

    test("leaves nothing behind once the host is removed", async () => {
      const { parts, host, cache, machine, directory } = await openWithJdk();
      const release = await install(host, { version: "1.0.0" });
      await cache.prepare(release, UNPACKING, TIME);
      await start(host);
      await host.stop(10);
      await parts.files.removeAll();
      expect(await machine.run('ls "$1"', [directory])).not.toContain("dependencies");
    });

    test("copies what a host on the same machine has unpacked, unless it is damaged", async () => {
      const [first, second] = [await openWithJdk(), await openWithJdk()];
      const release = await install(first.host, { version: "1.0.0" });
      await install(second.host, { version: "1.0.0" });
      const archive = await archiveOf(first, release);
      const script = `sed -i 's/^for option.*/case "$*" in *-Djarmode=tools*) echo asked Java >\\&2; exit 1 ;; esac; &/' "$1/jdk/bin/java"`;
      await second.machine.run(script, [second.directory]);
      const copied = () => second.cache.prepare(release, UNPACKING, LATER, undefined, first.cache);
      if (!share) return expect(copied()).rejects.toThrow("asked Java");
      for (const file of [
        `releases/${release}/startup/app.jar`,
        `dependencies/${archive.split("/")[0]}/a.jar`,
      ]) {
        const damage = (text: string) => first.machine.run(`cd "$1" && ${text}`, [first.directory, file]);
        await damage('cp "$2" kept && chmod u+w "$2" && echo >> "$2"');
        await expect(copied()).rejects.toThrow("asked Java");
        await damage('mv kept "$2"');
      }
      expect(await copied()).toEqual({ archive, isThere: false });
      expect(await second.cache.prepare(release, undefined, TIME)).toEqual({ archive, isThere: false });
      const look = 'cd "$1/releases/$2/startup" && ls -A && ls -A "$1"/dependencies/*';
      const own = "app.jar dependencies start sums".replaceAll(" ", "\n");
      const shared = "a.jar b.jar classpath names sums".replaceAll(" ", "\n");
      expect(await second.machine.run(look, [second.directory, release])).toBe(`${own}\n${shared}\n`);
    });

    test("takes nothing with another hash than it was given", async () => {
      const opened = await openWithJdk();
      const release = await install(opened.host, { version: "1.0.0" });
      const archive = await archiveOf(opened, release);
      await start(opened.host);
      await make(opened, archive);
      const { compressed } = await opened.cache.read(archive);
      const other = { compressed, sha256: "0".repeat(64) };
      const place = archive.replace(/[^/]+$/, "other.jsa");
      await expect(opened.cache.install(place, other)).rejects.toThrow(
        `expected SHA-256 ${other.sha256}, got `,
      );
    });

    test("says so if the application was not started for it", async () => {
      const opened = await openWithJdk();
      const release = await install(opened.host, { version: "1.0.0" });
      await start(opened.host);
      const archive = await archiveOf(opened, release);
      await expect(make(opened, archive)).rejects.toThrow("the application has not listed its classes");
    });

    test.each(["releases/*/startup/app.jar", "dependencies/*/a.jar"])(
      "is made again from the release if %s was damaged, and left out if that can't be",
      async (file) => {
        const opened = await openWithJdk();
        const { host, cache, machine, directory } = opened;
        const release = await install(host, { version: "1.0.0" });
        await machine.run('touch -d @0 "$1/releases/$2"', [directory, release]);
        const found = () => machine.run('cd "$1/releases/$2" && stat -c %Y . && ls -A', [directory, release]);
        const archive = await archiveOf(opened, release);
        const damage = () =>
          machine.run(`cd "$1" && chmod u+w ${file} && for file in ${file}; do echo >> "$file"; done`, [
            directory,
          ]);
        await damage();
        expect(await cache.prepare(release, UNPACKING, TIME)).toEqual({ archive, isThere: false });
        // The time says how long ago the release became current, which decides what is kept.
        expect(await found()).toBe("0\napp.jar\nstartup\n");
        expect(await machine.run('ls -A "$1/dependencies"', [directory])).toBe(`${archive.split("/")[0]}\n`);
        expect(await start(host)).toContain(`@../releases/${release}/startup/start`);
        await host.stop(10);
        await damage();
        expect(await cache.prepare(release, undefined, TIME)).toBeUndefined();
        expect(await start(host)).toContain(`${directory}/releases/${release}/app.jar`);
      },
    );
  });
}
