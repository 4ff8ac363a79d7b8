import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, type TestContext, test } from "vitest";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { releaseId } from "#rollout/release/release.ts";
import { jarWith } from "../../../support/jarWith.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { tinyDirectory } from "../../../support/tinyDirectory.ts";

const { signal } = new AbortController();

describe.each(SHELLS)("the releases of a host on a machine with %s", (shell) => {
  async function newHost(context: TestContext, directory?: string) {
    const place = directory ?? join(await temporaryDirectory(), "host");
    const files = new HostFiles(await localMachine(shell, context), place);
    const jarOf = (id: string) => join(place, "releases", id, "app.jar");
    return { directory: place, files, jarOf };
  }

  test("are none in a missing folder", async (context) => {
    const { files } = await newHost(context);
    expect(await files.describe()).toEqual({ releases: [] });
    expect(await files.holds("1.0.0-aaaaaaaaaaaa")).toBe(false);
  });

  test("are uploaded under their names, read-only, with nothing left behind", async (context) => {
    const { directory, files, jarOf } = await newHost(context);
    const jar = await jarWith("one");
    const id = releaseId(jar);
    await files.stage(id, jar, signal);
    expect(await readFile(jarOf(id), "utf8")).toBe("one");
    expect((await stat(jarOf(id))).mode & 0o777).toBe(0o444);
    expect((await stat(join(directory, "releases", id))).mode & 0o777).toBe(0o755);
    expect(await readdir(join(directory, "releases"))).toEqual([id]);
    expect(await files.holds(id)).toBe(true);
    expect(await files.describe()).toEqual({ releases: [id] });
  });

  test("are jars and wars, each with its own extension", async (context) => {
    const { directory, files } = await newHost(context);
    const [jar, war] = [await jarWith("one"), await jarWith("one", "1.0.0", "shop.war")];
    for (const archive of [jar, war]) await files.stage(releaseId(archive), archive, signal);
    expect(await readdir(join(directory, "releases", releaseId(jar)))).toEqual(["app.jar"]);
    expect(await readdir(join(directory, "releases", releaseId(war)))).toEqual(["app.war"]);
    expect(await files.holds(releaseId(war))).toBe(true);
    await files.switchTo(releaseId(war));
    const releases = [releaseId(jar), releaseId(war)];
    expect(await files.describe()).toEqual({ current: releaseId(war), releases });
  });

  test("are complete even if they are large", async (context) => {
    const { files, jarOf } = await newHost(context);
    const jar = await jarWith("0123456789abcdef".repeat(200_000));
    await files.stage(releaseId(jar), jar, signal);
    expect(
      createHash("sha256")
        .update(await readFile(jarOf(releaseId(jar))))
        .digest("hex"),
    ).toBe(jar.sha256);
  });

  test("are left alone if they exist, since a JVM may be running one", async (context) => {
    const { files, jarOf } = await newHost(context);
    const jar = await jarWith("one");
    await files.stage(releaseId(jar), jar, signal);
    const before = await stat(jarOf(releaseId(jar)));
    await files.stage(releaseId(jar), jar, signal);
    expect(await stat(jarOf(releaseId(jar)))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test("are replaced if they are damaged, and a JVM keeps the file it has open", async (context) => {
    const { directory, files, jarOf } = await newHost(context);
    const jar = await jarWith("the whole release");
    const id = releaseId(jar);
    await mkdir(join(directory, "releases", id), { recursive: true });
    await writeFile(jarOf(id), "the whole rel");
    expect(await files.holds(id)).toBe(false);
    const opened = await open(jarOf(id));
    onTestFinished(() => opened.close());
    await files.stage(id, jar, signal);
    expect(await readFile(jarOf(id), "utf8")).toBe("the whole release");
    expect(await opened.readFile("utf8")).toBe("the whole rel");
    expect(await readdir(join(directory, "releases"))).toEqual([id]);
  });

  test("are rejected if the wrong bytes arrive, and leave nothing behind", async (context) => {
    const { directory, files } = await newHost(context);
    const jar = await jarWith("one");
    await writeFile(jar.path, "two");
    const arrived = createHash("sha256").update("two").digest("hex");
    await expect(files.stage(releaseId(jar), jar, signal)).rejects.toThrow(
      expect.objectContaining({
        code: "staged-corrupted",
        message: `expected SHA-256 ${jar.sha256} on the host, got ${arrived} twice`,
      }),
    );
    expect(await readdir(join(directory, "releases"))).toEqual([]);
  });

  test("cannot be uploaded from a missing jar, and nothing is created", async (context) => {
    const { directory, files } = await newHost(context);
    const jar = { ...(await jarWith("one")), path: "/nowhere/app.jar" };
    await expect(files.stage(releaseId(jar), jar, signal)).rejects.toThrow(
      expect.objectContaining({
        code: "jar-gone",
        message: "expected /nowhere/app.jar, found no file",
      }),
    );
    await expect(readdir(directory)).rejects.toThrow("ENOENT");
  });

  test("report a full disk, and use up nothing that is left", async (context) => {
    const { directory, files } = await newHost(context, await tinyDirectory(context));
    const small = await jarWith("small");
    await files.stage(releaseId(small), small, signal);
    const jar = await jarWith("x".repeat(1_000_000), "2.0.0");
    await expect(files.stage(releaseId(jar), jar, signal)).rejects.toThrow(
      expect.objectContaining({
        code: "disk-full",
        message: expect.stringMatching(
          new RegExp(`^no space left for ${releaseId(jar)}: \\d+ KiB are free, 976 KiB are needed$`),
        ),
      }),
    );
    expect(await readdir(join(directory, "releases"))).toEqual([releaseId(small)]);
  });

  test("have the room that is free, and what is there of an upload that broke off", async (context) => {
    const { directory, files } = await newHost(context, await tinyDirectory(context));
    const id = "2.0.0-bbbbbbbbbbbb";
    expect(await files.describe(id)).toEqual({ releases: [] });
    await mkdir(join(directory, "releases"));
    const { room: before } = await files.describe(id);
    expect(before).toEqual({ freeBytes: expect.any(Number), heldBytes: 0, disk: expect.any(String) });
    expect(before?.freeBytes).toBeGreaterThan(32_000);
    expect(before?.freeBytes).toBeLessThanOrEqual(65_536);
    await writeFile(join(directory, "releases", `.${id}.part`), "x".repeat(20_000));
    const { room: after } = await files.describe(id);
    expect(after).toMatchObject({ heldBytes: 20_000, disk: before?.disk });
    expect(after?.freeBytes).toBeLessThanOrEqual((before?.freeBytes ?? 0) - 20_000);
  });

  test("share a disk with those of other hosts in the same file system", async (context) => {
    const tiny = await tinyDirectory(context);
    const diskOf = async (place: string) => {
      const { directory, files } = await newHost(context, place);
      await mkdir(join(directory, "releases"), { recursive: true });
      return (await files.describe("2.0.0-bbbbbbbbbbbb")).room?.disk;
    };
    const disk = await diskOf(join(tiny, "app-1"));
    expect(disk).toMatch(/^[0-9a-f-]+:\d+$/);
    expect(await diskOf(join(tiny, "app-2"))).toBe(disk);
    expect(await diskOf(join(await temporaryDirectory(), "app-3"))).not.toBe(disk);
  });

  test("are installed once, however often the command that does it runs", async (context) => {
    const machine = await localMachine(shell, context);
    const directory = join(await temporaryDirectory(), "host");
    const twice = new HostFiles(
      {
        run: async (script, args, options) => {
          if (script.includes("app.jar") && options?.input === undefined) await machine.run(script, args);
          return machine.run(script, args, options);
        },
      },
      directory,
    );
    const jar = await jarWith("one");
    // Asked for its hash first, which says that it is not there, and fails the same way twice.
    await twice.stage(releaseId(jar), jar, signal);
    expect(await readdir(join(directory, "releases"))).toEqual([releaseId(jar)]);
    expect(await twice.holds(releaseId(jar))).toBe(true);
  });

  test("keep the last known good record if the next one arrives incomplete", async (context) => {
    const machine = await localMachine(shell, context);
    const directory = join(await temporaryDirectory(), "host");
    const good = { release: "1.0.0-a", launch: "aaa" };
    await new HostFiles(machine, directory).markLastKnownGood(good);
    const cutOff = new HostFiles(
      { run: (script, args) => machine.run(script, args, { input: Readable.from(['{"rel']) }) },
      directory,
    );
    await expect(cutOff.markLastKnownGood({ release: "2.0.0-b", launch: "bbb" })).rejects.toThrow(
      "last-known-good.json arrived incomplete",
    );
    expect((await new HostFiles(machine, directory).describe()).lastKnownGood).toEqual(good);
    expect(await readdir(directory)).toEqual(["last-known-good.json"]);
  });

  test("of a start are written together, byte for byte", async (context) => {
    const { directory, files } = await newHost(context);
    const texts = [
      "",
      "\n",
      "no line break",
      "two\n\n",
      "\n\\n %s $HOME\r\n",
      "é \u0001\u0081 1e5\n1e5",
      "x".repeat(100_000),
    ];
    const written = texts.map((each, index) => ({ file: `folder-${index}/file`, text: each, umask: "027" }));
    const spec = {
      launch: { java: "java", jvmOptions: [], arguments: [] },
      environment: { SECRET: "hunter2" },
    };
    for (const others of [written.toReversed(), written]) await files.remember("abc", spec, others);
    expect(await files.recall("abc")).toEqual(spec);
    for (const { file, text: whole } of written) {
      expect(await readFile(join(directory, file), "utf8")).toBe(whole);
      expect((await stat(join(directory, file))).mode & 0o777).toBe(0o640);
      expect(await readdir(join(directory, dirname(file)))).toEqual(["file"]);
    }
    expect((await stat(join(directory, "launches/abc.json"))).mode & 0o777).toBe(0o600);
  });

  test("of a start replace none unless all have arrived", async (context) => {
    const machine = await localMachine(shell, context);
    const directory = join(await temporaryDirectory(), "host");
    const spec = { launch: { java: "java", jvmOptions: [], arguments: [] }, environment: {} };
    const start = (line: string) => [{ file: "start", text: line, umask: "022" }];
    await new HostFiles(machine, directory).remember("abc", spec, start("old\n"));
    const run: Machine["run"] = async (script, args, { input } = {}) => {
      const whole = input ? await text(input) : "";
      return machine.run(script, args, { input: Readable.from([whole.slice(0, -2)]) });
    };
    const cutOff = new HostFiles({ run }, directory).remember("def", spec, start("new\n"));
    await expect(cutOff).rejects.toThrow("launches/def.json start arrived incomplete");
    expect(await readFile(join(directory, "start"), "utf8")).toBe("old\n");
    expect(await readdir(join(directory, "launches"))).toEqual(["abc.json"]);
    expect((await readdir(directory)).sort()).toEqual(["launches", "start"]);
  });

  test("become current through a relative link, which is never missing during a switch", async (context) => {
    const { directory, files } = await newHost(context);
    const [one, two] = [await jarWith("1", "1.0.0"), await jarWith("2", "2.0.0")];
    for (const jar of [one, two]) await files.stage(releaseId(jar), jar, signal);
    await files.switchTo(releaseId(one));
    expect(await readlink(join(directory, "current"))).toBe(`releases/${releaseId(one)}`);
    expect(await files.describe()).toMatchObject({ current: releaseId(one) });
    const seen = new Set<string>();
    let switching = true;
    const reader = (async () => {
      while (switching) seen.add(await readFile(join(directory, "current", "app.jar"), "utf8"));
    })();
    for (let round = 0; round < 20; round++) await files.switchTo(releaseId(round % 2 === 0 ? two : one));
    switching = false;
    await reader;
    expect([...seen].sort()).toEqual(["1", "2"]);
    expect((await readdir(directory)).sort()).toEqual(["current", "releases"]);
  });

  test("cannot become current if they are missing, and the current one stays", async (context) => {
    const { directory, files } = await newHost(context);
    const jar = await jarWith("one");
    await files.stage(releaseId(jar), jar, signal);
    await files.switchTo(releaseId(jar));
    await expect(files.switchTo("2.0.0-bbbbbbbbbbbb")).rejects.toThrow(
      "there is no release 2.0.0-bbbbbbbbbbbb",
    );
    expect(await files.describe()).toEqual({ current: releaseId(jar), releases: [releaseId(jar)] });
    expect((await readdir(directory)).sort()).toEqual(["current", "releases"]);
  });

  test("are safe in a folder whose name looks like shell code", async (context) => {
    const parent = await temporaryDirectory();
    const name = 'it\'s "a" $(touch stolen) `touch stolen`; touch stolen #\n*host';
    const { directory, files } = await newHost(context, join(parent, name));
    const jar = await jarWith("one");
    const id = releaseId(jar);
    await files.stage(id, jar, signal);
    await files.switchTo(id);
    await files.markLastKnownGood({ release: id, launch: "0123456789ab" });
    await files.remember("0123456789ab", { launch: LAUNCH, environment: {} });
    await files.prune(2, [id], ["0123456789ab"]);
    expect(await files.describe()).toEqual({
      current: id,
      lastKnownGood: { release: id, launch: "0123456789ab" },
      releases: [id],
    });
    expect(await readdir(parent)).toEqual([name]);
    expect((await readdir(directory)).sort()).toEqual([
      "current",
      "last-known-good.json",
      "launches",
      "releases",
    ]);
  });
});

const LAUNCH = { java: "java", jvmOptions: [], arguments: [] };
