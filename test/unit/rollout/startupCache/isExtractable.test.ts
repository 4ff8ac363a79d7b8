import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isExtractable } from "#rollout/startupCache/isExtractable.ts";
import { MANIFEST, zip } from "../../../../harness/zip.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const LAUNCHER = "org.springframework.boot.loader.launch.JarLauncher";
const TOOLS = "BOOT-INF/lib/spring-boot-jarmode-tools-3.5.16.jar";

test.each([
  ["a jar of Spring Boot 3.3 or later", LAUNCHER, TOOLS, true],
  ["a jar without the tools, as of Spring Boot 3.2", LAUNCHER, "BOOT-INF/lib/a.jar", false],
  ["a jar that looks for more on its loader path", LAUNCHER.replace("Jar", "Properties"), TOOLS, false],
  ["a war", LAUNCHER.replace("Jar", "War"), TOOLS.replace("BOOT", "WEB"), false],
  ["a jar with another main class", "demo.Main", TOOLS, false],
])("whether %s is asked to unpack itself", async (_, main, library, isAsked) => {
  const path = join(await temporaryDirectory(), "app.jar");
  const manifest = `Manifest-Version: 1.0\r\nMain-Class: ${main}\r\n\r\n`;
  await writeFile(path, zip({ [MANIFEST]: manifest, [library]: "" }));
  expect(await isExtractable(path)).toBe(isAsked);
});

test("a file that is gone is not asked to unpack itself", async () => {
  expect(await isExtractable("/nowhere/app.jar")).toBe(false);
});
