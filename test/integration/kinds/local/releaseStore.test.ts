import { createHash } from "node:crypto";
import { chmod, mkdir, open, readdir, readFile, readlink, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ReleaseStore } from "#kinds/local/releaseStore.ts";
import type { RollgateError } from "#rollout/common/errors.ts";
import { releaseId } from "#rollout/release/release.ts";
import { jarWith } from "../../../support/jarWith.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { tinyDirectory } from "../../../support/tinyDirectory.ts";

async function newStore() {
  const directory = join(await temporaryDirectory(), "host");
  const store = new ReleaseStore(directory);
  /** Adds releases that were current one after the other. */
  const addAll = async (...versions: string[]) => {
    const ids: string[] = [];
    for (const [age, version] of versions.entries()) {
      const jar = await jarWith(version, version);
      const id = releaseId(jar);
      await store.add(id, jar);
      await utimes(dirname(store.jarOf(id)), 1000 + age, 1000 + age);
      ids.push(id);
    }
    return ids;
  };
  return { directory, store, addAll };
}

describe("staging", () => {
  test("copies the jar in under the name of its release, for nobody to write to", async () => {
    const { directory, store } = await newStore();
    const jar = await jarWith("one");
    await store.add(releaseId(jar), jar);
    const copy = join(directory, "releases", releaseId(jar), "app.jar");
    expect(store.jarOf(releaseId(jar))).toBe(copy);
    expect(await readFile(copy, "utf8")).toBe("one");
    expect((await stat(copy)).mode & 0o777).toBe(0o444);
    expect(await store.list()).toEqual([releaseId(jar)]);
  });

  test("leaves nothing but the release behind", async () => {
    const { directory, store } = await newStore();
    const jar = await jarWith("one");
    await store.add(releaseId(jar), jar);
    expect(await readdir(join(directory, "releases"))).toEqual([releaseId(jar)]);
  });

  test("leaves a release that is there alone: a JVM may run it", async () => {
    const { store } = await newStore();
    const jar = await jarWith("one");
    await store.add(releaseId(jar), jar);
    const before = await stat(store.jarOf(releaseId(jar)));
    await store.add(releaseId(jar), jar);
    expect(await stat(store.jarOf(releaseId(jar)))).toMatchObject({
      ino: before.ino,
      mtimeMs: before.mtimeMs,
    });
  });

  test("twice at once gives one whole release", async () => {
    const { directory, store } = await newStore();
    const jar = await jarWith("x".repeat(1_000_000));
    const id = releaseId(jar);
    await Promise.all(Array.from({ length: 8 }, () => store.add(id, jar)));
    expect(await readFile(store.jarOf(id), "utf8")).toBe("x".repeat(1_000_000));
    expect(await readdir(join(directory, "releases"))).toEqual([id]);
  });

  test("replaces a damaged release, and a JVM that has it open keeps what it had", async () => {
    const { directory, store } = await newStore();
    const jar = await jarWith("the whole release");
    const id = releaseId(jar);
    await mkdir(dirname(store.jarOf(id)), { recursive: true });
    await writeFile(store.jarOf(id), "the whole rel");
    const opened = await open(store.jarOf(id));
    onTestFinished(() => opened.close());
    await store.add(id, jar);
    expect(await readFile(store.jarOf(id), "utf8")).toBe("the whole release");
    expect(await opened.readFile("utf8")).toBe("the whole rel");
    expect(await readdir(join(directory, "releases"))).toEqual([id]);
  });

  test("replaces a release whose jar is missing", async () => {
    const { store } = await newStore();
    const jar = await jarWith("one");
    await mkdir(dirname(store.jarOf(releaseId(jar))), { recursive: true });
    await store.add(releaseId(jar), jar);
    expect(await readFile(store.jarOf(releaseId(jar)), "utf8")).toBe("one");
  });

  test("refuses a jar that is not any more what it was when it was identified", async () => {
    const { directory, store } = await newStore();
    const jar = await jarWith("one");
    await writeFile(jar.path, "two");
    const sha256 = createHash("sha256").update("two").digest("hex");
    await expect(store.add(releaseId(jar), jar)).rejects.toThrow(
      expect.objectContaining({
        code: "staged-corrupted",
        message: `expected ${jar.path} with SHA-256 ${jar.sha256} on the host, got ${sha256}`,
      }),
    );
    expect(await readdir(join(directory, "releases"))).toEqual([]);
  });

  test("refuses a jar that is gone, and leaves nothing behind", async () => {
    const { directory, store } = await newStore();
    const jar = { ...(await jarWith("one")), path: "/nowhere/app.jar" };
    const error: RollgateError = await store.add(releaseId(jar), jar).catch((thrown) => thrown);
    expect(error.code).toBe("staging-failed");
    expect(error.message).toMatch(new RegExp(`^could not stage ${releaseId(jar)}: ENOENT`));
    expect(await readdir(join(directory, "releases"))).toEqual([]);
  });

  test("says so when the host has no space left, and takes nothing of what there is", async (context) => {
    const directory = await tinyDirectory(context);
    const store = new ReleaseStore(directory);
    const small = await jarWith("small");
    await store.add(releaseId(small), small);
    const jar = await jarWith("x".repeat(1_000_000), "2.0.0");
    await expect(store.add(releaseId(jar), jar)).rejects.toThrow(
      expect.objectContaining({
        code: "disk-full",
        message: `no space left for ${releaseId(jar)} in ${directory}`,
      }),
    );
    expect(await readdir(join(directory, "releases"))).toEqual([releaseId(small)]);
  });

  test("says so when this user may not write there", async (context) => {
    context.skip(process.getuid?.() === 0, "root may write everywhere");
    const { directory, store } = await newStore();
    await mkdir(join(directory, "releases"), { recursive: true });
    await chmod(join(directory, "releases"), 0o555);
    const jar = await jarWith("one");
    await expect(store.add(releaseId(jar), jar)).rejects.toThrow(
      expect.objectContaining({
        code: "staging-failed",
        message: expect.stringMatching(new RegExp(`^could not stage ${releaseId(jar)}: EACCES`)),
      }),
    );
  });
});

describe("the current release", () => {
  test("there is none in a new store, and no release at all", async () => {
    const { store } = await newStore();
    expect(await store.current()).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });

  test("is a relative link, so that the directory may be moved", async () => {
    const { directory, store, addAll } = await newStore();
    const [one = ""] = await addAll("1.0.0");
    await store.switchTo(one);
    expect(await store.current()).toBe(one);
    expect(await readlink(join(directory, "current"))).toBe(`releases/${one}`);
    expect(await readFile(join(directory, "current", "app.jar"), "utf8")).toBe("1.0.0");
  });

  test("is never missing while it is switched", async () => {
    const { directory, store, addAll } = await newStore();
    const [one = "", two = ""] = await addAll("1.0.0", "2.0.0");
    await store.switchTo(one);
    const seen = new Set<string>();
    let switching = true;
    const reader = (async () => {
      while (switching) seen.add(await readFile(join(directory, "current", "app.jar"), "utf8"));
    })();
    for (let round = 0; round < 200; round++) await store.switchTo(round % 2 === 0 ? two : one);
    switching = false;
    await reader;
    expect([...seen].sort()).toEqual(["1.0.0", "2.0.0"]);
    expect((await readdir(directory)).sort()).toEqual(["current", "releases"]);
  });
});

describe("a path", () => {
  test("of a jar in the store is known by its release, any other is not", async () => {
    const { directory, store } = await newStore();
    expect(store.idOf(store.jarOf("1.0.0-abc"))).toBe("1.0.0-abc");
    expect(store.idOf(join(directory, "current", "app.jar"))).toBeUndefined();
    expect(store.idOf(join(directory, "releases", "1.0.0-abc", "other.jar"))).toBeUndefined();
    expect(store.idOf(`${directory}-2/releases/1.0.0-abc/app.jar`)).toBeUndefined();
    expect(store.idOf("app.jar")).toBeUndefined();
  });
});

describe("pruning", () => {
  test("keeps the releases that ran last", async () => {
    const { store, addAll } = await newStore();
    const [, , three, four] = await addAll("1", "2", "3", "4");
    await store.prune(2, []);
    expect(await store.list()).toEqual([three, four]);
  });

  test("goes by the time that a release became current, neither by its version nor by its staging", async () => {
    const { store, addAll } = await newStore();
    const [oldest = "", , , last = ""] = await addAll("9", "12", "11", "10");
    await store.switchTo(oldest);
    await store.prune(2, []);
    expect(await store.list()).toEqual([last, oldest].sort());
  });

  test("removes those first that never ran", async () => {
    const { store, addAll } = await newStore();
    const ran = await addAll("1", "2");
    for (const version of ["3", "4"]) {
      const jar = await jarWith(version, version);
      await store.add(releaseId(jar), jar);
    }
    await store.prune(2, []);
    expect(await store.list()).toEqual(ran);
  });

  test("never removes the running or the current release, and counts them", async () => {
    const { store, addAll } = await newStore();
    const [one = "", two = "", , four] = await addAll("1", "2", "3", "4");
    await store.prune(3, [one, two]);
    expect(await store.list()).toEqual([one, two, four]);
    await store.prune(2, [one, two]);
    expect(await store.list()).toEqual([one, two]);
  });

  test("counts a release that is both running and current once", async () => {
    const { store, addAll } = await newStore();
    const [one = "", , , four] = await addAll("1", "2", "3", "4");
    await store.prune(2, [one, one, one, one]);
    expect(await store.list()).toEqual([one, four]);
  });

  test("removes nothing when there are not too many", async () => {
    const { store, addAll } = await newStore();
    const ids = await addAll("1", "2");
    await store.prune(3, []);
    expect(await store.list()).toEqual(ids);
    await (await newStore()).store.prune(3, []);
  });

  test("removes what a deployer that died long ago had copied by half", async () => {
    const { directory, store, addAll } = await newStore();
    const [one = ""] = await addAll("1");
    const half = join(directory, "releases", `.${one}.0b8f8b5e-6b0f-4b43-9d0c-0e6a4c1f2d3e`);
    await mkdir(half);
    await utimes(half, 1000, 1000);
    await store.prune(2, [one]);
    expect(await readdir(join(directory, "releases"))).toEqual([one]);
  });
});
