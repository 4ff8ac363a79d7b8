import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import { releaseId } from "#rollout/release/release.ts";
import { jarWith } from "../../../support/jarWith.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { tinyDirectory } from "../../../support/tinyDirectory.ts";

const { signal } = new AbortController();

/** Files on a machine that sees those of the deployer; no jar may go through this process. */
function filesIn(directory: string): HostFiles {
  const machine = new LocalMachine();
  return new HostFiles(
    {
      sharesFiles: machine.sharesFiles,
      run: (script, args, options) => {
        if (options?.input) throw new Error("a jar goes through this process");
        return machine.run(script, args, options);
      },
    },
    directory,
  );
}

test("a jar on the same machine is copied by its path, read-only, with nothing left behind", async () => {
  const directory = await temporaryDirectory();
  const jar = await jarWith("one");
  const id = releaseId(jar);
  await filesIn(directory).stage(id, jar, signal);
  const copy = join(directory, "releases", id, "app.jar");
  expect(await readFile(copy, "utf8")).toBe("one");
  expect((await stat(copy)).mode & 0o777).toBe(0o444);
  expect(await readdir(join(directory, "releases"))).toEqual([id]);
});

test("the same jar copied many times at once is one complete release", async () => {
  const directory = await temporaryDirectory();
  const jar = await jarWith("x".repeat(1_000_000));
  const id = releaseId(jar);
  await Promise.all(Array.from({ length: 8 }, () => filesIn(directory).stage(id, jar, signal)));
  expect(await readFile(join(directory, "releases", id, "app.jar"), "utf8")).toBe("x".repeat(1_000_000));
  expect(await readdir(join(directory, "releases"))).toEqual([id]);
});

test("a release whose jar is missing is replaced", async () => {
  const directory = await temporaryDirectory();
  const jar = await jarWith("one");
  const id = releaseId(jar);
  await mkdir(join(directory, "releases", id), { recursive: true });
  await filesIn(directory).stage(id, jar, signal);
  expect(await readFile(join(directory, "releases", id, "app.jar"), "utf8")).toBe("one");
});

test("a jar that has changed or is gone is rejected and leaves nothing behind", async () => {
  const directory = await temporaryDirectory();
  const jar = await jarWith("one");
  await writeFile(jar.path, "two");
  const sha256 = createHash("sha256").update("two").digest("hex");
  await expect(filesIn(directory).stage(releaseId(jar), jar, signal)).rejects.toMatchObject({
    code: "staged-corrupted",
    message: `expected SHA-256 ${jar.sha256} on the host, got ${sha256} twice`,
  });
  expect(await readdir(join(directory, "releases"))).toEqual([]);
  const gone = { ...jar, path: "/nowhere/app.jar" };
  await expect(filesIn(directory).stage(releaseId(jar), gone, signal)).rejects.toMatchObject({
    code: "jar-gone",
  });
  expect(await readdir(join(directory, "releases"))).toEqual([]);
});

test("a host with a full disk says so, and keeps what it has", async (context) => {
  const directory = await tinyDirectory(context);
  const [small, jar] = [await jarWith("small"), await jarWith("x".repeat(1_000_000), "2.0.0")];
  await filesIn(directory).stage(releaseId(small), small, signal);
  await expect(filesIn(directory).stage(releaseId(jar), jar, signal)).rejects.toMatchObject({
    code: "disk-full",
    message: expect.stringMatching(
      `^no space left for ${releaseId(jar)} in ${directory}: \\d+ KiB are free, 976 KiB are needed$`,
    ),
  });
  expect(await readdir(join(directory, "releases"))).toEqual([releaseId(small)]);
  const { room } = await filesIn(directory).describe(releaseId(jar));
  expect(room?.freeBytes).toBeLessThan(65_536);
});

test("a file in the way of the releases is reported in one line", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "releases"), "");
  const jar = await jarWith("one");
  await expect(filesIn(directory).stage(releaseId(jar), jar, signal)).rejects.toMatchObject({
    name: "RollgateError",
    message: expect.stringContaining("releases"),
  });
});
