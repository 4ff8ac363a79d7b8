import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { HostFolder } from "#rollout/host/hostPlace.ts";
import { ENVIRONMENT, startFiles } from "#rollout/host/startFiles.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const launch = { java: "java", jvmOptions: ["-Xmx1g", "-Dgreeting=it's $HOME"], arguments: ["--a=b c"] };

function host(directory: string): HostFolder {
  return { name: "app-1", address: "10.0.0.1", port: 8080, directory };
}

test("the start file becomes java with exactly these arguments and variables", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "work"));
  const java = join(directory, "java");
  await writeFile(java, '#!/bin/sh\nprintf "%s\\n" "$PWD" "$SECRET" "$ROLLGATE_HOST" "$@"\n', {
    mode: 0o755,
  });
  const secret = "a\"b'c $HOME `id` \\ \\n !x\n second line #";
  const files = startFiles(host(directory), `${directory}/releases/1.0.0-abc/app.jar`, "0123456789ab", {
    launch: { ...launch, java },
    environment: { SECRET: secret },
  });
  await writeFile(join(directory, "start"), files.start);
  await mkdir(join(directory, "secrets"));
  await writeFile(join(directory, ENVIRONMENT), files.environment);
  expect(execFileSync("sh", [join(directory, "start")]).toString()).toBe(
    [
      `${directory}/work`,
      secret,
      "app-1",
      "-Drollgate.launch=0123456789ab",
      "-Xmx1g",
      "-Dgreeting=it's $HOME",
      "-jar",
      `${directory}/releases/1.0.0-abc/app.jar`,
      "--server.port=8080",
      "--server.address=10.0.0.1",
      "--a=b c",
      "",
    ].join("\n"),
  );
});

test("the start file contains no secret", () => {
  const spec = { launch, environment: { PASSWORD: "hunter2" } };
  expect(startFiles(host("/d"), "r", "f", spec).start).not.toContain("hunter2");
  expect(startFiles(host("/d"), "r", "f", spec).start).toContain("/d/secrets/environment");
});
