import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import { releaseId } from "#rollout/release/release.ts";
import { jarWith } from "../../../support/jarWith.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { tinyDirectory } from "../../../support/tinyDirectory.ts";

const { signal } = new AbortController();
const spec = (password: string) => ({
  launch: { java: "java", jvmOptions: ["-Da='1' \"2\""], arguments: ["--b=$HOME `id`\n\\n %s"] },
  environment: { DB_PASSWORD: password },
});

describe.each(SHELLS)("what a host on a machine with %s keeps", (shell) => {
  async function newHost(context: TestContext, place?: string) {
    const directory = place ?? (await temporaryDirectory());
    const files = new HostFiles(await localMachine(shell, context), directory);
    /** Adds releases that were current one after the other. */
    const addAll = async (...versions: string[]) => {
      const ids: string[] = [];
      for (const [age, version] of versions.entries()) {
        const jar = await jarWith(version, version);
        await files.stage(releaseId(jar), jar, signal);
        await utimes(join(directory, "releases", releaseId(jar)), 1000 + age, 1000 + age);
        ids.push(releaseId(jar));
      }
      return ids;
    };
    return { directory, files, addAll };
  }

  describe("as launch records", () => {
    test("is found by its fingerprint, with every character unchanged", async (context) => {
      const { files } = await newHost(context);
      await files.remember("aaa", spec("it's $(one)\n\\t"));
      await files.remember("bbb", spec("two"));
      expect(await files.recall("aaa")).toEqual(spec("it's $(one)\n\\t"));
      expect(await files.recall("ccc")).toBeUndefined();
    });

    test("is readable only by its account, except what is not secret", async (context) => {
      const { directory, files } = await newHost(context);
      await files.remember("aaa", spec("one"));
      await files.markLastKnownGood({ release: "1.0.0-a", launch: "aaa" });
      expect((await stat(join(directory, "launches"))).mode & 0o777).toBe(0o700);
      expect((await stat(join(directory, "launches", "aaa.json"))).mode & 0o777).toBe(0o600);
      expect((await stat(join(directory, "last-known-good.json"))).mode & 0o777).toBe(0o644);
    });

    test("is written in one go with other files, whose folders get their rights", async (context) => {
      const { directory, files } = await newHost(context);
      const environment = { file: "secrets/environment", text: "A=ä\n\nB=2", umask: "027" };
      const start = { file: "start", text: "exec true\n", umask: "022" };
      await files.remember("aaa", spec("one\ntwo"), [environment, start]);
      expect(await files.recall("aaa")).toEqual(spec("one\ntwo"));
      for (const { file, text } of [environment, start])
        expect(await readFile(join(directory, file), "utf8")).toBe(text);
      const modes = ["launches/aaa.json", "secrets", "secrets/environment", "start"].map(
        async (file) => (await stat(join(directory, file))).mode & 0o777,
      );
      expect(await Promise.all(modes)).toEqual([0o600, 0o750, 0o640, 0o644]);
      expect((await readdir(directory)).sort()).toEqual(["launches", "secrets", "start"]);
    });

    test("is replaced completely or not at all", async (context) => {
      const { directory, files } = await newHost(context);
      await files.remember("aaa", spec("one"));
      await files.remember("aaa", spec("two"));
      expect(await files.recall("aaa")).toEqual(spec("two"));
      expect(await readdir(join(directory, "launches"))).toEqual(["aaa.json"]);
    });

    test("is unchanged if there is no space for another, with nothing half-written left behind", async (context) => {
      const { directory, files } = await newHost(context, await tinyDirectory(context));
      const good = { release: "1.0.0-a", launch: "aaa" };
      await files.markLastKnownGood(good);
      await writeFile(join(directory, "full"), "x".repeat(64 * 1024)).catch(() => {});
      await expect(files.markLastKnownGood({ release: "2.0.0-b", launch: "bbb" })).rejects.toThrow(
        /no space left/i,
      );
      await expect(files.remember("bbb", spec("x"))).rejects.toThrow(/no space left/i);
      expect(await files.describe()).toEqual({ lastKnownGood: good, releases: [] });
      expect(await files.recall("bbb")).toBeUndefined();
      expect((await readdir(directory, { recursive: true })).filter((file) => file !== "launches")).toEqual([
        "full",
        "last-known-good.json",
      ]);
    });
  });

  test("as last known good is found again", async (context) => {
    const { files } = await newHost(context);
    await files.markLastKnownGood({ release: "1.0.0-a", launch: "aaa" });
    await files.markLastKnownGood({ release: "2.0.0-b", launch: "bbb" });
    expect(await files.describe()).toEqual({
      lastKnownGood: { release: "2.0.0-b", launch: "bbb" },
      releases: [],
    });
  });

  describe("when it is pruned", () => {
    test("are the releases that ran last, whatever their version and when they were staged", async (context) => {
      const { files, addAll } = await newHost(context);
      const [oldest = "", , , last = ""] = await addAll("9", "12", "11", "10");
      await files.switchTo(oldest);
      await files.prune(2, [], []);
      expect((await files.describe()).releases).toEqual([last, oldest].sort());
    });

    test("are not releases that never ran", async (context) => {
      const { files, addAll } = await newHost(context);
      const ran = await addAll("1", "2");
      for (const version of ["3", "4"]) {
        const jar = await jarWith(version, version);
        await files.stage(releaseId(jar), jar, signal);
      }
      await files.prune(2, [], []);
      expect((await files.describe()).releases).toEqual(ran);
    });

    test("always includes what is spared", async (context) => {
      const { files, addAll } = await newHost(context);
      const [one = "", two = "", , four = ""] = await addAll("1", "2", "3", "4");
      await files.prune(3, [one, two], []);
      expect((await files.describe()).releases).toEqual([one, two, four]);
    });

    test("includes nothing that an interrupted staging left", async (context) => {
      const { directory, files, addAll } = await newHost(context);
      const [one = ""] = await addAll("1");
      await mkdir(join(directory, "releases", `.${one}.0b8f8b5e`));
      await mkdir(join(directory, "releases", ".damaged.0b8f8b5e"));
      await files.prune(2, [one], []);
      expect(await readdir(join(directory, "releases"))).toEqual([one]);
    });

    test("are the five most recent launches, and those that are spared", async (context) => {
      const { directory, files } = await newHost(context);
      for (const [age, fingerprint] of ["a", "b", "c", "d", "e", "f", "g"].entries()) {
        await files.remember(fingerprint, spec("x"));
        await utimes(join(directory, "launches", `${fingerprint}.json`), 1000 + age, 1000 + age);
      }
      await files.prune(2, [], ["a"]);
      expect((await readdir(join(directory, "launches"))).sort()).toEqual(
        ["a", "c", "d", "e", "f", "g"].map((name) => `${name}.json`),
      );
    });

    test("is everything if there is little, and nothing if there is nothing", async (context) => {
      const { directory, files, addAll } = await newHost(context);
      await files.prune(2, [], []);
      const ids = await addAll("1", "2");
      await writeFile(join(directory, "notes.txt"), "");
      await files.prune(3, [], []);
      expect((await files.describe()).releases).toEqual(ids);
      expect(await readdir(directory)).toContain("notes.txt");
    });
  });
});
