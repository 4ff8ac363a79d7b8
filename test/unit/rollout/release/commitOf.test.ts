import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commitOf } from "#rollout/release/commitOf.ts";
import { writeJar } from "../../../../harness/zip.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

async function commitIn(properties: string, file = "BOOT-INF/classes/git.properties") {
  return commitOf(
    await writeJar(join(await temporaryDirectory(), "app.jar"), "1.0.0", { [file]: properties }),
  );
}

test("a jar tells its commit in git.properties, the short one if it has both", async () => {
  const full = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678";
  expect(await commitIn(`git.commit.id=${full}\n`)).toBe(full);
  expect(await commitIn(`git.commit.id.full=${full}\ngit.commit.id.abbrev=a1b2c3d\n`)).toBe("a1b2c3d");
  expect(await commitIn("git.commit.id=a1b2c3d\n", "WEB-INF/classes/git.properties")).toBe("a1b2c3d");
});

test("a jar without one, with something else in its place, or that can't be read has none", async () => {
  expect(await commitIn("git.branch=main\n")).toBeUndefined();
  expect(await commitIn("git.commit.id=<script>\n")).toBeUndefined();
  expect(await commitIn("git.commit.id=a1b2c3d\n", "BOOT-INF/lib/git.properties")).toBeUndefined();
  const path = join(await temporaryDirectory(), "app.jar");
  expect(await commitOf(path)).toBeUndefined();
  await writeFile(path, "no zip");
  expect(await commitOf(path)).toBeUndefined();
});
