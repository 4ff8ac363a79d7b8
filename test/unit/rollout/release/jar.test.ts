import { createHash } from "node:crypto";
import { chmod, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { InvalidInput } from "#rollout/common/errors.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { BUILD_INFO, MANIFEST, writeJar, zip } from "../../../support/zip.ts";

async function place(): Promise<string> {
  return join(await temporaryDirectory(), "app.jar");
}

/** A jar with exactly these entries. */
async function jarOf(entries: Readonly<Record<string, string>>): Promise<string> {
  const path = await place();
  await writeFile(path, zip(entries));
  return path;
}

async function refusalOf(path: string): Promise<string> {
  const error = await identifyJar(path).catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidInput)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error.message;
}

test("a jar is its absolute path, its version and the SHA-256 of its bytes", async () => {
  const path = await writeJar(await place(), "1.2.3");
  const sha256 = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  expect(await identifyJar(relative(process.cwd(), path))).toEqual({ path, version: "1.2.3", sha256 });
});

test("the version is read from build-info.properties where Spring Boot puts it", async () => {
  const path = await jarOf({
    [MANIFEST]: "Main-Class: demo.Main\n",
    [BUILD_INFO]: "build.group=demo\nbuild.version=2.0.0\n",
  });
  expect((await identifyJar(path)).version).toBe("2.0.0");
});

test("the version is read from a build-info.properties at the top of a plain jar", async () => {
  const path = await jarOf({
    [MANIFEST]: "Main-Class: demo.Main\n",
    "META-INF/build-info.properties": "build.version=2.1.0\n",
  });
  expect((await identifyJar(path)).version).toBe("2.1.0");
});

test("build-info.properties is read as properties are: comments, colons, continued lines and escapes", async () => {
  const path = await jarOf({
    [MANIFEST]: "Main-Class: demo.Main\n",
    [BUILD_INFO]: "# build.version=0.0.1\nbuild.version : 2.2.\\\n    0-\\u0052C1\n",
  });
  expect((await identifyJar(path)).version).toBe("2.2.0-RC1");
});

test("build-info.properties is preferred to the manifest", async () => {
  const path = await writeJar(await place(), "1.0.0", { [BUILD_INFO]: "build.version=3.0.0\n" });
  expect((await identifyJar(path)).version).toBe("3.0.0");
});

test("a build-info.properties without a version leaves the word to the manifest", async () => {
  const path = await writeJar(await place(), "1.0.0", { [BUILD_INFO]: "build.name=market\n" });
  expect((await identifyJar(path)).version).toBe("1.0.0");
});

test("a build-info.properties with an empty version leaves the word to the manifest", async () => {
  const path = await writeJar(await place(), "1.0.0", { [BUILD_INFO]: "build.version=\n" });
  expect((await identifyJar(path)).version).toBe("1.0.0");
});

test.each([
  ["\n", "a line feed"],
  ["\r\n", "carriage return and line feed"],
  ["\r", "a carriage return"],
])("manifest lines may end in %j: %s", async (end) => {
  const path = await jarOf({
    [MANIFEST]: ["Main-Class: demo.Main", "Implementation-Version: 4.0", ""].join(end),
  });
  expect((await identifyJar(path)).version).toBe("4.0");
});

test("a manifest line that starts with a space continues the one before", async () => {
  const path = await jarOf({
    [MANIFEST]:
      "Main-Class: de\r\n mo.Main\r\nImplementation-Version: 4.0.0-a-very-\r\n long-na\r\n me\r\n\r\n",
  });
  expect((await identifyJar(path)).version).toBe("4.0.0-a-very-long-name");
});

test("only the main section of the manifest counts", async () => {
  const path = await jarOf({
    [MANIFEST]: "Main-Class: demo.Main\r\n\r\nName: demo/\r\nImplementation-Version: 9.9.9\r\n",
  });
  expect(await refusalOf(path)).toContain("got none");
});

test("other bytes under the same version are another release", async () => {
  const [one, two] = [await place(), await place()];
  await writeJar(one, "1.0.0", { "a.txt": "one" });
  await writeJar(two, "1.0.0", { "a.txt": "two" });
  expect((await identifyJar(one)).sha256).not.toBe((await identifyJar(two)).sha256);
});

test("a jar may be given by a link", async () => {
  const path = await writeJar(await place(), "1.0.0");
  const link = join(await temporaryDirectory(), "link.jar");
  await symlink(path, link);
  expect(await identifyJar(link)).toMatchObject({ path: link, version: "1.0.0" });
});

test("a missing file is refused", async () => {
  const path = await place();
  expect(await refusalOf(path)).toBe(`jar: expected a jar, found no file: ${path}`);
});

test("a file below a file is refused as missing", async () => {
  const path = join(await writeJar(await place(), "1.0.0"), "app.jar");
  expect(await refusalOf(path)).toBe(`jar: expected a jar, found no file: ${path}`);
});

test("a directory is refused", async () => {
  const path = await temporaryDirectory();
  expect(await refusalOf(path)).toBe(`jar: expected a jar, got a directory: ${path}`);
});

test("a device is refused", async () => {
  expect(await refusalOf("/dev/null")).toBe(
    "jar: expected a jar, got something that is no regular file: /dev/null",
  );
});

test("an empty file is refused", async () => {
  const path = await place();
  await writeFile(path, "");
  expect(await refusalOf(path)).toBe(`jar: expected a jar, got an empty file: ${path}`);
});

test.each(["x", "#!/bin/sh\nexec java -jar app.jar\n", "PK but no zip at all"])(
  "a file that is no zip archive is refused: %j",
  async (content) => {
    const path = await place();
    await writeFile(path, content);
    expect(await refusalOf(path)).toBe(`jar: expected a jar, got a file that is no zip archive: ${path}`);
  },
);

test.each([0.1, 0.5, 0.99])("a jar cut off after %d of its bytes is refused as truncated", async (share) => {
  const path = await writeJar(await place(), "1.0.0", { "filler.txt": "x".repeat(2000) });
  await truncate(path, Math.floor((await readFile(path)).length * share));
  expect(await refusalOf(path)).toBe(`jar: expected a whole jar, got a truncated or damaged one: ${path}`);
});

test("a jar whose bytes are garbled inside is refused as damaged", async () => {
  const path = await writeJar(await place(), "1.0.0");
  const bytes = await readFile(path);
  bytes.fill(0xff, bytes.length - 60, bytes.length - 30);
  await writeFile(path, bytes);
  expect(await refusalOf(path)).toBe(`jar: expected a whole jar, got a truncated or damaged one: ${path}`);
});

test("a zip without a manifest is refused", async () => {
  const path = await jarOf({ "readme.txt": "hello" });
  expect(await refusalOf(path)).toBe(
    `jar: expected an executable jar, got a zip without META-INF/MANIFEST.MF: ${path}`,
  );
});

test("an archive with no entry at all is refused", async () => {
  const path = await jarOf({});
  expect(await refusalOf(path)).toBe(
    `jar: expected an executable jar, got a zip without META-INF/MANIFEST.MF: ${path}`,
  );
});

test.each([
  "Manifest-Version: 1.0\n",
  "Main-Class: \n",
  "Manifest-Version: 1.0\n\nName: x\nMain-Class: demo.Main\n",
  "",
])("a manifest whose main section has no Main-Class is refused: %j", async (manifest) => {
  const path = await jarOf({ [MANIFEST]: manifest, [BUILD_INFO]: "build.version=1.0.0\n" });
  expect(await refusalOf(path)).toBe(
    `jar: expected an executable jar, got one whose manifest has no Main-Class: ${path}`,
  );
});

test("a jar without a version is refused", async () => {
  const path = await jarOf({ [MANIFEST]: "Main-Class: demo.Main\n" });
  expect(await refusalOf(path)).toBe(
    `jar: expected a version in META-INF/build-info.properties or as Implementation-Version in the manifest, got none: ${path}`,
  );
});

test.each(["1/2", "../1", "-1.0", ".1", "1 0", "@project.version@", "1".repeat(101)])(
  "a version that could not be a folder on a host is refused: %j",
  async (version) => {
    const path = await writeJar(await place(), "1.0.0", { [BUILD_INFO]: `build.version=${version}\n` });
    expect(await refusalOf(path)).toBe(
      `jar: expected a version of letters, digits and . _ + -, got ${JSON.stringify(version)}: ${path}`,
    );
  },
);

test("a jar that this user may not read is refused", async (context) => {
  context.skip(process.getuid?.() === 0, "root may read everything");
  const path = await writeJar(await place(), "1.0.0");
  await chmod(path, 0o000);
  expect(await refusalOf(path)).toBe(`jar: expected a readable jar, this user may not read it: ${path}`);
});
