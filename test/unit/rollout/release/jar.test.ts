import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { InvalidInput } from "#rollout/common/errors.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { BUILD_INFO, MANIFEST, writeJar, zip } from "../../../../harness/zip.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

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

test("a jar is identified by its absolute path, its version and its SHA-256", async () => {
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

test("the version is read from build-info.properties where the plugins put it in a war", async () => {
  const path = await jarOf({
    [MANIFEST]: "Main-Class: demo.Main\n",
    "WEB-INF/classes/META-INF/build-info.properties": "build.version=2.3.0\n",
  });
  expect((await identifyJar(path)).version).toBe("2.3.0");
});

describe("the version from Maven", () => {
  const pom = (artifact: string, version: string) => ({
    [`META-INF/maven/demo/${artifact}/pom.properties`]: `groupId=demo\nartifactId=${artifact}\nversion=${version}\n`,
  });
  const main = "Main-Class: demo.Main\n";

  test("is used if the manifest has none", async () => {
    const path = await jarOf({ [MANIFEST]: main, ...pom("shop", "2.4.0") });
    expect((await identifyJar(path)).version).toBe("2.4.0");
    const both = await writeJar(await place(), "1.0.0", pom("shop", "2.4.0"));
    expect((await identifyJar(both)).version).toBe("1.0.0");
  });

  test.each([
    ["shop-2.4.0.jar", main],
    ["shop.war", main],
    ["app.jar", `${main}Implementation-Title: shop\n`],
  ])("is the application's own among those of unpacked libraries: %s", async (name, manifest) => {
    const poms = { ...pom("gson", "9.9.0"), ...pom("shop", "2.4.0"), ...pom("shop-api", "8.8.0") };
    const path = join(await temporaryDirectory(), name);
    await writeFile(path, zip({ [MANIFEST]: manifest, ...poms }));
    expect((await identifyJar(path)).version).toBe("2.4.0");
  });

  test("is not guessed among several, and not taken from a library inside", async () => {
    const several = await jarOf({ [MANIFEST]: main, ...pom("gson", "9.9.0"), ...pom("shop", "2.4.0") });
    expect(await refusalOf(several)).toContain("got none");
    const inside = { "WEB-INF/classes/META-INF/maven/demo/shop/pom.properties": "version=1\n" };
    expect(await refusalOf(await jarOf({ [MANIFEST]: main, ...inside }))).toContain("got none");
  });
});

test("a given version overrides the archive's own, and is validated too", async () => {
  const path = await writeJar(await place(), "1.0.0");
  expect((await identifyJar(path, "2.5.0")).version).toBe("2.5.0");
  const unversioned = await jarOf({ [MANIFEST]: "Main-Class: demo.Main\n" });
  expect((await identifyJar(unversioned, "2.5.0")).version).toBe("2.5.0");
  await expect(identifyJar(path, "1/2")).rejects.toThrow(
    'jar.version: expected a version of letters, digits and . _ + -, got "1/2"',
  );
});

test("build-info.properties is parsed as properties: comments, colons, continued lines and escapes", async () => {
  const path = await jarOf({
    [MANIFEST]: "Main-Class: demo.Main\n",
    [BUILD_INFO]: "# build.version=0.0.1\nbuild.version : 2.2.\\\n    0-\\u0052C1\n",
  });
  expect((await identifyJar(path)).version).toBe("2.2.0-RC1");
});

test("build-info.properties takes precedence over the manifest", async () => {
  const path = await writeJar(await place(), "1.0.0", { [BUILD_INFO]: "build.version=3.0.0\n" });
  expect((await identifyJar(path)).version).toBe("3.0.0");
});

test("without a version in build-info.properties, the manifest counts", async () => {
  const path = await writeJar(await place(), "1.0.0", { [BUILD_INFO]: "build.name=market\n" });
  expect((await identifyJar(path)).version).toBe("1.0.0");
});

test("with an empty version in build-info.properties, the manifest counts", async () => {
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

test("a manifest line that starts with a space continues the previous one", async () => {
  const path = await jarOf({
    [MANIFEST]:
      "Main-Class: de\r\n mo.Main\r\nImplementation-Version: 4.0.0-a-very-\r\n long-na\r\n me\r\n\r\n",
  });
  expect((await identifyJar(path)).version).toBe("4.0.0-a-very-long-name");
});

test("names in a manifest are case-insensitive", async () => {
  const path = await jarOf({ [MANIFEST]: "main-class: demo.Main\nIMPLEMENTATION-VERSION: 4.1\n" });
  expect((await identifyJar(path)).version).toBe("4.1");
});

test("only the main section of the manifest counts", async () => {
  const path = await jarOf({
    [MANIFEST]: "Main-Class: demo.Main\r\n\r\nName: demo/\r\nImplementation-Version: 9.9.9\r\n",
  });
  expect(await refusalOf(path)).toContain("got none");
});

test("other bytes with the same version are another release", async () => {
  const [one, two] = [await place(), await place()];
  await writeJar(one, "1.0.0", { "a.txt": "one" });
  await writeJar(two, "1.0.0", { "a.txt": "two" });
  expect((await identifyJar(one)).sha256).not.toBe((await identifyJar(two)).sha256);
});

test("a jar may be a link", async () => {
  const path = await writeJar(await place(), "1.0.0");
  const link = join(await temporaryDirectory(), "link.jar");
  await symlink(path, link);
  expect(await identifyJar(link)).toMatchObject({ path: link, version: "1.0.0" });
});

test("a jar with more entries than its last record can count is read with the record before", async () => {
  const path = await place();
  const jar = zip({ [MANIFEST]: "Main-Class: demo.Main\nImplementation-Version: 4.0\n" });
  const end = jar.subarray(-22);
  // The records of zip64; APPNOTE.TXT of PKWARE, 4.3.14 and 4.3.15.
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", "latin1");
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(1n, 24);
  record.writeBigUInt64LE(1n, 32);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(16)), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(BigInt(jar.length - end.length), 8);
  locator.writeUInt32LE(1, 16);
  end.writeUInt16LE(0xffff, 8);
  end.writeUInt16LE(0xffff, 10);
  await writeFile(path, Buffer.concat([jar.subarray(0, -22), record, locator, end]));
  expect((await identifyJar(path)).version).toBe("4.0");
});

describe("a launch script in front of a jar", () => {
  const script = "#!/bin/bash\nexec java -jar $0\nexit 0\n".padEnd(10_000, "# PK\n");

  test("is skipped, as by java, if the jar's offsets do not include it", async () => {
    const path = await place();
    const entries = { [MANIFEST]: "Main-Class: demo.Main\n", [BUILD_INFO]: "build.version=2.3.12\n" };
    await writeFile(path, Buffer.concat([Buffer.from(script), zip(entries)]));
    expect((await identifyJar(path)).version).toBe("2.3.12");
  });

  test("is skipped if the jar's offsets include it", async () => {
    const path = await place();
    const entries = { [MANIFEST]: "Main-Class: demo.Main\nImplementation-Version: 3.5\n" };
    await writeFile(path, zip(entries, Buffer.from(script)));
    expect((await identifyJar(path)).version).toBe("3.5");
  });

  test("is skipped in front of any other archive too, however long it is", async () => {
    const path = await place();
    const jar = zip({ [MANIFEST]: "Main-Class: demo.Main\nImplementation-Version: 1.0\n" });
    await writeFile(path, Buffer.concat([Buffer.alloc(200_000, "MZ"), jar]));
    expect((await identifyJar(path)).version).toBe("1.0");
  });

  test("does not hide that a jar is cut off after a jar inside it", async () => {
    const path = await place();
    const inner = zip({ [MANIFEST]: "Main-Class: library.Main\nImplementation-Version: 9\n" });
    const start = zip({ "BOOT-INF/lib/library.jar": "" }).subarray(0, 30 + 24);
    for (const rest of ["", "more"]) {
      await writeFile(path, Buffer.concat([Buffer.from(script), start, inner, Buffer.from(rest)]));
      expect(await refusalOf(path)).toContain("got a truncated one: it has no zip index at its end");
    }
  });

  test("does not hide that a jar is cut off", async () => {
    const path = await place();
    const jar = zip({ [MANIFEST]: "Main-Class: demo.Main\n" });
    await writeFile(path, Buffer.concat([Buffer.from(script), jar.subarray(0, -30)]));
    expect(await refusalOf(path)).toContain("got a truncated one: it has no zip index at its end");
  });
});

describe("a jar that needs files next to it, which a release would not have, is rejected", () => {
  const needs = (file: string, path: string) =>
    `jar: expected a self-contained jar, as built by spring-boot:repackage or bootJar, got one that needs ${file} next to it (Class-Path in its manifest): ${path}`;
  const extracted =
    "Main-Class: demo.Main\nImplementation-Version: 1.0\nClass-Path: lib/a-1.jar lib/b-2.jar\n";

  test("as Spring Boot's own tools extract it", async () => {
    const path = await jarOf({ [MANIFEST]: extracted });
    expect(await refusalOf(path)).toBe(needs("lib/a-1.jar", path));
  });

  test("but not one that names files by absolute paths", async () => {
    const manifest = extracted.replace("lib/a-1.jar lib/b-2.jar", "file:/opt/a.jar /opt/b.jar");
    expect((await identifyJar(await jarOf({ [MANIFEST]: manifest }))).version).toBe("1.0");
  });

  test("and one that contains its libraries only if the files really exist", async () => {
    const manifest = extracted.replace("demo.Main", "org.springframework.boot.loader.JarLauncher");
    const path = await jarOf({ [MANIFEST]: manifest });
    expect((await identifyJar(path)).version).toBe("1.0");
    await mkdir(join(dirname(path), "lib"));
    await writeFile(join(dirname(path), "lib", "b-2.jar"), "");
    expect(await refusalOf(path)).toBe(needs("lib/b-2.jar", path));
  });

  test("and so is one whose launcher loads plugins from an existing folder", async () => {
    const manifest = "Main-Class: org.springframework.boot.loader.launch.PropertiesLauncher\n";
    const rest = "Implementation-Version: 1.0\nLoader-Path: BOOT-INF/lib/,plugins\n";
    const path = await jarOf({ [MANIFEST]: manifest + rest });
    expect((await identifyJar(path)).version).toBe("1.0");
    await mkdir(join(dirname(path), "plugins"));
    expect(await refusalOf(path)).toBe(needs("plugins", path).replace("Class-Path", "Loader-Path"));
  });
});

test("a missing file is rejected", async () => {
  const path = await place();
  expect(await refusalOf(path)).toBe(`jar: expected a jar, found no file: ${path}`);
});

test("a file below a file is rejected as missing", async () => {
  const path = join(await writeJar(await place(), "1.0.0"), "app.jar");
  expect(await refusalOf(path)).toBe(`jar: expected a jar, found no file: ${path}`);
});

test("a directory is rejected", async () => {
  const path = await temporaryDirectory();
  expect(await refusalOf(path)).toBe(`jar: expected a jar, got a directory: ${path}`);
});

test("a device is rejected", async () => {
  expect(await refusalOf("/dev/null")).toBe(
    "jar: expected a jar, got something that is not a regular file: /dev/null",
  );
});

test("an empty file is rejected", async () => {
  const path = await place();
  await writeFile(path, "");
  expect(await refusalOf(path)).toBe(`jar: expected a jar, got an empty file: ${path}`);
});

test.each(["x", "#!/bin/sh\nexec java -jar app.jar\n", "PK but no zip at all"])(
  "a file that is not a zip archive is rejected: %j",
  async (content) => {
    const path = await place();
    await writeFile(path, content);
    expect(await refusalOf(path)).toBe(`jar: expected a jar, got a file that is not a zip archive: ${path}`);
  },
);

test.each([0.1, 0.5, 0.99])("a jar cut off after %d of its bytes is rejected as truncated", async (share) => {
  const path = await writeJar(await place(), "1.0.0", { "filler.txt": "x".repeat(2000) });
  await truncate(path, Math.floor((await readFile(path)).length * share));
  expect(await refusalOf(path)).toBe(
    `jar: expected a jar, got a truncated one: it has no zip index at its end: ${path}`,
  );
});

test("a jar with garbled bytes inside is rejected as damaged", async () => {
  const path = await writeJar(await place(), "1.0.0");
  const bytes = await readFile(path);
  bytes.fill(0xff, bytes.length - 60, bytes.length - 30);
  await writeFile(path, bytes);
  expect(await refusalOf(path)).toBe(`jar: expected a jar, got a damaged one: unexpected EOF: ${path}`);
});

test.each([1, 5000])("a jar with %d bytes after its end is rejected, as by java", async (count) => {
  const path = await writeJar(await place(), "1.0.0");
  await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(count, "x")]));
  expect(await refusalOf(path)).toBe(
    `jar: expected a jar, got one with data after its end, which java rejects: ${path}`,
  );
});

test("a jar whose index points outside it is rejected as damaged", async () => {
  const path = await writeJar(await place(), "1.0.0");
  const bytes = await readFile(path);
  bytes.writeUInt32LE(bytes.length, bytes.length - 6);
  await writeFile(path, bytes);
  expect(await refusalOf(path)).toBe(
    `jar: expected a jar, got a damaged one: its zip index points outside the file: ${path}`,
  );
});

test("a jar that ends with a jar inside it is rejected as truncated, not opened as the inner one", async () => {
  const path = await place();
  const inner = zip({ [MANIFEST]: "Main-Class: library.Main\nImplementation-Version: 9\n" });
  const start = zip({ "BOOT-INF/lib/library.jar": "" }).subarray(0, 30 + 24);
  await writeFile(path, Buffer.concat([start, inner]));
  expect(await refusalOf(path)).toBe(
    `jar: expected a jar, got a truncated one: it has no zip index at its end: ${path}`,
  );
});

test.each([
  ["an encrypted one: META-INF/MANIFEST.MF", 1, 8],
  ["one that Java cannot unpack: META-INF/MANIFEST.MF has compression method 12", 0, 12],
])("what Java cannot read is rejected with the reason: %s", async (cause, flags, method) => {
  const path = await writeJar(await place(), "1.0.0");
  const bytes = await readFile(path);
  const index = bytes.indexOf("PK\x01\x02", "latin1");
  for (const at of [6, index + 8]) bytes.writeUInt16LE(flags, at);
  for (const at of [8, index + 10]) bytes.writeUInt16LE(method, at);
  await writeFile(path, bytes);
  expect(await refusalOf(path)).toBe(`jar: expected a jar, got ${cause}: ${path}`);
});

test("a zip without a manifest is rejected", async () => {
  const path = await jarOf({ "readme.txt": "hello" });
  expect(await refusalOf(path)).toBe(
    `jar: expected an executable jar, got a zip without META-INF/MANIFEST.MF: ${path}`,
  );
});

test("an archive without entries is rejected", async () => {
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
])("a manifest whose main section has no Main-Class is rejected: %j", async (manifest) => {
  const path = await jarOf({ [MANIFEST]: manifest, [BUILD_INFO]: "build.version=1.0.0\n" });
  expect(await refusalOf(path)).toBe(
    `jar: expected an executable jar, got one whose manifest has no Main-Class: ${path}`,
  );
});

test("a jar without a version is rejected", async () => {
  const path = await jarOf({ [MANIFEST]: "Main-Class: demo.Main\n" });
  expect(await refusalOf(path)).toBe(
    `jar: expected a version in META-INF/build-info.properties (or below BOOT-INF/classes or WEB-INF/classes), as Implementation-Version in the manifest, in the application's META-INF/maven/…/pom.properties or in the setting version, got none: ${path}`,
  );
});

test.each(["1/2", "../1", "-1.0", ".1", "1 0", "@project.version@", "1".repeat(101)])(
  "a version that could not be a folder name is rejected: %j",
  async (version) => {
    const path = await writeJar(await place(), "1.0.0", { [BUILD_INFO]: `build.version=${version}\n` });
    expect(await refusalOf(path)).toBe(
      `jar: expected a version of letters, digits and . _ + -, got ${JSON.stringify(version)}: ${path}`,
    );
  },
);

test("a jar that this user may not read is rejected", async (context) => {
  context.skip(process.getuid?.() === 0, "root may read everything");
  const path = await writeJar(await place(), "1.0.0");
  await chmod(path, 0o000);
  expect(await refusalOf(path)).toBe(
    `jar: expected a readable jar, got one that this user may not read: ${path}`,
  );
});
