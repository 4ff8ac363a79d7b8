import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readUnpacking } from "#rollout/startupCache/readUnpacking.ts";
import { MANIFEST, zip } from "../../../../harness/zip.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

type Files = Readonly<Record<string, string | Buffer>>;

const LAYERS = `- "dependencies":
  - "BOOT-INF/lib/"
- "spring-boot-loader":
  - "org/"
- "snapshot-dependencies":
- "application":
  - "BOOT-INF/classes/"
  - "BOOT-INF/lib/own.jar"
`;

interface Given {
  readonly manifest?: string;
  readonly layers?: string;
  /** What is in its own classes, and in its libraries in the order of the class path. */
  readonly classes?: Files;
  readonly libraries?: Readonly<Record<string, Files>>;
}

async function read({ manifest = "", layers = LAYERS, classes = {}, libraries = {} }: Given) {
  const path = join(await temporaryDirectory(), "app.jar");
  const inFolder = (folder: string, files: Files) =>
    Object.entries(files).map(([name, content]) => [`BOOT-INF/${folder}/${name}`, content]);
  const names = Object.keys(libraries);
  const index = names.map((name) => `- "BOOT-INF/lib/${name}"\n`).join("");
  const jars = names.map((name) => [name, zip({ [MANIFEST]: "", ...libraries[name] })]);
  const content = zip({
    [MANIFEST]: `Start-Class: demo.Main\r\n${manifest}`,
    ...Object.fromEntries(inFolder("classes", classes)),
    ...Object.fromEntries(inFolder("lib", Object.fromEntries(jars))),
    "BOOT-INF/classpath.idx": index,
    "BOOT-INF/layers.idx": layers,
  });
  await writeFile(path, content);
  return readUnpacking(path);
}

const [A, B, OWN] = [{ "a/A.class": "" }, { "b/B.class": "" }, { "own/Own.class": "" }];
const LIBRARIES = { "b-2.0.jar": B, "own.jar": OWN, "a-1.0.jar": A };

test("the libraries that don't change with each release come first, in the order of the class path", async () => {
  const libraries = { ...LIBRARIES, "c-1.0-SNAPSHOT.jar": {}, "a name.jar": {} };
  expect(await read({ libraries, classes: { "demo/Main.class": "" } })).toEqual({
    mainClass: "demo.Main",
    shared: ["b-2.0.jar", "a-1.0.jar"],
  });
});

test("without layers, all libraries do", async () => {
  expect(await read({ libraries: LIBRARIES, layers: "" })).toMatchObject({ shared: Object.keys(LIBRARIES) });
});

test.each<[string, Given]>([
  ["a class of the application replaces one of a library", { classes: { "a/A.class": "" } }],
  [
    "both have a file of the same name",
    { classes: { "logback.xml": "" }, libraries: { "a.jar": { "logback.xml": "" } } },
  ],
  [
    "both name services",
    { classes: { "META-INF/services/S": "" }, libraries: { "a.jar": { "META-INF/services/S": "" } } },
  ],
  ["a library that changes replaces a class", { libraries: { "own.jar": A, "a-1.0.jar": A } }],
  ["only java -jar would heed its manifest", { manifest: "Add-Opens: java.base/java.lang\r\n" }],
])("none does if %s", async (_, given) => {
  expect(await read({ libraries: LIBRARIES, ...given })).toMatchObject({ shared: [] });
});

test("what every jar has, and what Spring Boot sorts, may be in both", async () => {
  const both = {
    "META-INF/": "",
    "META-INF/MANIFEST.MF": "",
    "META-INF/LICENSE.txt": "",
    "META-INF/spring/org.springframework.boot.autoconfigure.AutoConfiguration.imports": "",
    "module-info.class": "",
  };
  const libraries = { "own.jar": both, "a-1.0.jar": both };
  expect(await read({ libraries, classes: both })).toMatchObject({ shared: ["a-1.0.jar"] });
});
