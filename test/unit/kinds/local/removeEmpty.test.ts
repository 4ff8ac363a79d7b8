import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeEmpty } from "#kinds/local/removeEmpty.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

test("an empty directory goes, and as many above it as asked for", async () => {
  const root = await temporaryDirectory();
  await mkdir(join(root, "a/b/c"), { recursive: true });
  await removeEmpty(join(root, "a/b/c"), 1);
  expect(await readdir(root, { recursive: true })).toEqual(["a"]);
});

test("what others put there stays, and everything above it", async () => {
  const root = await temporaryDirectory();
  await mkdir(join(root, "a/b/c"), { recursive: true });
  await writeFile(join(root, "a/theirs"), "");
  await removeEmpty(join(root, "a/b/c"), 9);
  expect((await readdir(root, { recursive: true })).sort()).toEqual(["a", "a/theirs"]);
  await removeEmpty(join(root, "a"), 9);
  expect((await readdir(root, { recursive: true })).sort()).toEqual(["a", "a/theirs"]);
});

test("a directory that is gone is no error", async () => {
  const root = await temporaryDirectory();
  await expect(removeEmpty(join(root, "gone"), 1)).resolves.toBeUndefined();
  expect(await readdir(root)).toEqual([]);
});

test("a file in its place is an error", async () => {
  const file = join(await temporaryDirectory(), "file");
  await writeFile(file, "");
  await expect(removeEmpty(file, 0)).rejects.toThrow("ENOTDIR");
});
