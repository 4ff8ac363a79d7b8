import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { slotFiles, startFiles } from "#rollout/host/startFiles.ts";
import { optionsKey } from "#rollout/startupCache/optionsKey.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const QUIET = ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"];
const RELEASE = "1.0.0-abc";
const DEPENDENCIES = "0123456789abcdef";

/** A host with a release and a Java that prints its arguments. */
class Start {
  readonly jvmOptions: string[];
  readonly #directory: string;
  #java = "";
  #build = "";

  private constructor(directory: string, jvmOptions: string[]) {
    this.#directory = directory;
    this.jvmOptions = jvmOptions;
  }

  static async create({ version = "17.0.15", jvmOptions = ["-Xmx1g"] } = {}): Promise<Start> {
    const start = new Start(await temporaryDirectory(), jvmOptions);
    await start.#install(version);
    return start;
  }

  get archive(): string {
    return join(this.#directory, "releases", RELEASE, "app.jar");
  }

  get classes(): string {
    return join(this.#directory, "dependencies", DEPENDENCIES, `${optionsKey(this)}-${this.#build}.jsa`);
  }

  async unpack(dependencies: string | undefined = DEPENDENCIES): Promise<void> {
    const unpacked = join(this.#directory, "releases", RELEASE, "startup");
    await mkdir(unpacked, { recursive: true });
    await writeFile(join(unpacked, "start"), "");
    if (dependencies === "") return;
    await writeFile(join(unpacked, "dependencies"), `${dependencies}\n`);
    await mkdir(join(this.#directory, "dependencies", dependencies), { recursive: true });
  }

  /** Where an application lists its classes. */
  get lists(): string {
    return `-XX:DumpLoadedClassList=${this.#directory}/work/.classes.`;
  }

  /** The archive of classes of the release's libraries, and what it should be. */
  async keepClasses(content: string, made = content): Promise<void> {
    await writeFile(this.classes, content);
    const sum = createHash("sha256").update(made).digest("hex");
    await writeFile(`${this.classes}.sum`, `${sum}  -\n`);
  }

  /** What Java gets between its fingerprint and the arguments of the application. */
  async words(startupCache = true): Promise<string[]> {
    const place = { name: "app-1", address: "10.0.0.1", port: 8080, directory: this.#directory };
    const launch = { java: this.#java, jvmOptions: this.jvmOptions, arguments: ["--a=b c"] };
    const files = startFiles(
      place,
      this.archive,
      "f",
      { launch, environment: { release: "x" } },
      startupCache,
    );
    await writeFile(join(this.#directory, "start"), files.start);
    await mkdir(join(this.#directory, "secrets"), { recursive: true });
    await writeFile(join(this.#directory, slotFiles({}).environment), files.environment);
    const lines = execFileSync("sh", [join(this.#directory, "start")])
      .toString()
      .trimEnd()
      .split("\n");
    expect(lines[0]).toBe("-Drollgate.launch=f");
    expect(lines.slice(-3)).toEqual(["--server.port=8080", "--server.address=10.0.0.1", "--a=b c"]);
    return lines.slice(1, -3);
  }

  async #install(version: string): Promise<void> {
    const home = join(this.#directory, "jvm");
    await mkdir(join(home, "bin"), { recursive: true });
    await mkdir(join(this.#directory, "work"));
    const text = `IMPLEMENTOR="Debian"\nJAVA_VERSION="${version}"\n`;
    await writeFile(join(home, "release"), text);
    this.#build = createHash("sha256").update(text).digest("hex").slice(0, 12);
    this.#java = join(home, "bin", "java");
    await writeFile(this.#java, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  }
}

const unpacked = ({ archive }: Start) => [
  `-Drollgate.archive=${archive}`,
  `@../releases/${RELEASE}/startup/start`,
];

test("a release that is not unpacked is started as it is", async () => {
  const start = await Start.create();
  expect(await start.words()).toEqual(["-Xmx1g", "-jar", start.archive]);
});

test("without a startup cache, an unpacked release is started as it is", async () => {
  const start = await Start.create();
  await start.unpack();
  expect(await start.words(false)).toEqual(["-Xmx1g", "-jar", start.archive]);
});

test("an unpacked release is started so that it lists its classes, by a path that is the same on every host", async () => {
  const start = await Start.create();
  await start.unpack();
  const [options, list = "", ...words] = await start.words();
  expect([options, list.replace(/\d+$/, ""), ...words]).toEqual([
    "-Xmx1g",
    start.lists,
    ...QUIET,
    ...unpacked(start),
  ]);
});

test("an unpacked release that shares no libraries gets no option for classes", async () => {
  const start = await Start.create();
  await start.unpack("");
  expect(await start.words()).toEqual(["-Xmx1g", ...unpacked(start)]);
});

test("a release is started with the classes of its libraries", async () => {
  const start = await Start.create();
  await start.unpack();
  await start.keepClasses("classes");
  const option = `-XX:SharedArchiveFile=${start.classes}`;
  expect(await start.words()).toEqual(["-Xmx1g", option, ...QUIET, ...unpacked(start)]);
});

test("damaged classes, at which a JVM would crash, are left alone", async () => {
  const start = await Start.create();
  await start.unpack();
  await start.keepClasses("classe", "classes");
  expect((await start.words()).join(" ")).not.toContain("SharedArchiveFile");
});

test("classes for other JVM options are left alone", async () => {
  const start = await Start.create();
  await start.unpack();
  await start.keepClasses("classes");
  start.jvmOptions.push("-XX:+UseZGC");
  expect((await start.words()).join(" ")).not.toContain("SharedArchiveFile");
});

test.each([
  ["a Java that is too old", { version: "16.0.2" }],
  ["a Java that has not been tried", { version: "26" }],
])("%s gets no option for classes", async (_, java) => {
  const start = await Start.create(java);
  await start.unpack();
  expect(await start.words()).toEqual(["-Xmx1g", ...unpacked(start)]);
});

test.each([
  "-javaagent:a.jar",
  "-XX:SharedArchiveFile=own.jsa",
  "-XX:DumpLoadedClassList=own",
  "-XX:AOTCache=own.aot",
  "-Xshare:off",
  "@options",
])("with the JVM option %s, a release is started as it is", async (option) => {
  const start = await Start.create({ jvmOptions: [option] });
  await start.unpack();
  expect(await start.words()).toEqual([option, "-jar", start.archive]);
});
