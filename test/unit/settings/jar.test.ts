import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MANIFEST, writeJar, zip } from "../../../harness/zip.ts";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

withoutPulumi();

test("the setting version overrides the jar's own, and is validated", async () => {
  expect(await read({ version: "9.0" })).toMatchObject({ jar: { version: "9.0" } });
  expect(await refusal({ version: "9/0" })).toBe(
    'rollgate:version: expected a version of letters, digits and . _ + -, got "9/0". Nothing was changed.',
  );
});

describe("a jar that could not run is rejected", () => {
  async function refusalOfJar(make: (path: string) => Promise<unknown>): Promise<[string, string]> {
    const path = join(await temporaryDirectory(), "other.jar");
    await make(path);
    return [await refusal({ jar: path }), path];
  }

  test.each([
    ["a missing one", async () => {}, "expected a jar, found no file"],
    ["an empty file", (path: string) => writeFile(path, ""), "expected a jar, got an empty file"],
    ["a directory", (path: string) => mkdir(path), "expected a jar, got a directory"],
    [
      "a file that is no zip",
      (path: string) => writeFile(path, "hello, I am no jar"),
      "expected a jar, got a file that is not a zip archive",
    ],
    [
      "a zip without a manifest",
      (path: string) => writeFile(path, zip({ "a.txt": "a" })),
      "expected an executable jar, got a zip without META-INF/MANIFEST.MF",
    ],
    [
      "a library",
      (path: string) => writeFile(path, zip({ [MANIFEST]: "Implementation-Version: 1.0\n" })),
      "expected an executable jar, got one whose manifest has no Main-Class",
    ],
    [
      "a truncated jar",
      async (path: string) => truncate(await writeJar(path, "1.0.0"), 120),
      "expected a jar, got a truncated one: it has no zip index at its end",
    ],
    [
      "a jar without a version",
      (path: string) => writeFile(path, zip({ [MANIFEST]: "Main-Class: demo.Main\n" })),
      "expected a version in META-INF/build-info.properties (or below BOOT-INF/classes or WEB-INF/classes), as Implementation-Version in the manifest, in the application's META-INF/maven/…/pom.properties or in the setting version, got none",
    ],
    [
      "a jar whose version could not be a folder",
      (path: string) => writeJar(path, "1/2"),
      'expected a version of letters, digits and . _ + -, got "1/2"',
    ],
  ])("%s", async (_, make, reason) => {
    const [message, path] = await refusalOfJar(make);
    expect(message).toBe(`rollgate:jar: ${reason}: ${path}. Nothing was changed.`);
  });
});
