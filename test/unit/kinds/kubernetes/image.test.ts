import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { makeBuildContext } from "#kinds/kubernetes/buildContext.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { MANIFEST, writeJar } from "../../../../harness/zip.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const LAYERED = {
  [MANIFEST]:
    "Manifest-Version: 1.0\r\nMain-Class: org.springframework.boot.loader.launch.JarLauncher\r\n\r\n",
  "BOOT-INF/lib/spring-boot-jarmode-tools-3.5.16.jar": "",
  "BOOT-INF/layers.idx": `- "dependencies":\n  - "BOOT-INF/lib/"\n- "company":\n- "application":\n  - "META-INF/"\n`,
};

/** The folder for a build of this archive, relative to its project, and what is in it. */
async function built(name: string, entries: Readonly<Record<string, string>> = {}) {
  const project = await temporaryDirectory();
  vi.spyOn(process, "cwd").mockReturnValue(project);
  const jar = await identifyJar(
    await writeJar(join(await temporaryDirectory(), name), "1.2.3", entries),
    "1.2.3",
  );
  const context = await makeBuildContext("images", jar);
  const read = (file: string) => readFile(join(project, context, file), "utf8");
  return { jar, context, files: await readdir(join(project, context)), read, project };
}

test("an archive that can unpack itself becomes an image with its own layers, in their order", async () => {
  const { jar, context, files, read } = await built("app.jar", LAYERED);
  expect(context).toBe(`images/${releaseId(jar)}`);
  expect(files.sort()).toEqual(["Dockerfile", "app.jar"]);
  expect(await read("Dockerfile")).toBe(`ARG BASE
FROM $BASE AS unpacked
WORKDIR /unpacked
COPY app.jar ./
RUN java -Djarmode=tools -jar app.jar extract --layers --destination layers
FROM $BASE
WORKDIR /application
COPY --from=unpacked /unpacked/layers/dependencies/ ./
COPY --from=unpacked /unpacked/layers/company/ ./
COPY --from=unpacked /unpacked/layers/application/ ./
`);
});

test("any other archive is copied as it is, since asking it to unpack itself might start the application", async () => {
  const { files, read } = await built("shop.war");
  expect(files.sort()).toEqual(["Dockerfile", "app.war"]);
  expect(await read("Dockerfile")).toBe("ARG BASE\nFROM $BASE\nWORKDIR /application\nCOPY app.war ./\n");
});

test("only the last release is kept for a build", async () => {
  const { project, jar } = await built("app.jar");
  const next = await identifyJar(jar.path, "1.2.4");
  await makeBuildContext("images", next);
  expect(await readdir(join(project, "images"))).toEqual([releaseId(next)]);
});
