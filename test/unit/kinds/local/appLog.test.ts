import { open, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AppLog } from "#kinds/local/appLog.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

async function fileIn(directory: Promise<string>) {
  return join(await directory, "app.log");
}

test("the last lines of a log are given, all of a short one, none where there is no log", async () => {
  const file = await fileIn(temporaryDirectory());
  expect(await new AppLog(file).tail(2)).toEqual([]);
  await writeFile(file, "one\ntwo\nthree\n");
  expect(await new AppLog(file).tail(2)).toEqual(["two", "three"]);
  expect(await new AppLog(file).tail(5)).toEqual(["one", "two", "three"]);
});

test("the end of a log of gigabytes is read without the rest of it", async () => {
  const file = await fileIn(temporaryDirectory());
  await writeFile(file, "");
  // Sparse: more than a text of JavaScript can hold.
  await truncate(file, 3 * 1024 ** 3);
  await using end = await open(file, "a");
  await end.write("\nwhy it ended\n");
  expect((await new AppLog(file).tail(1)).at(-1)).toBe("why it ended");
});
