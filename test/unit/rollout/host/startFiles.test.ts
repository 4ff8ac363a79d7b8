import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { HostFolder } from "#rollout/host/hostPlace.ts";
import { slotFiles, startFiles } from "#rollout/host/startFiles.ts";
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
  await writeFile(join(directory, slotFiles({}).environment), files.environment);
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

test("the second slot has its own files, port, mark and health port, and the name of the host", () => {
  const arguments_ = ["--management.server.PORT=9090", "--a=b c"];
  const spec = { launch: { ...launch, jvmOptions: [], arguments: arguments_ }, environment: {} };
  const slot = { ...host("/d"), name: "app-1_b", port: 18_080, healthPort: 19_090, slot: "b" } as const;
  const { start, environment } = startFiles(slot, "r", "f", spec);
  expect(start).toContain("/d/secrets/environment_b'");
  expect(start).toContain(
    "'-Drollgate.launch=f' '-Drollgate.slot=b' '-jar' 'r' '--server.port=18080' '--server.address=10.0.0.1' '--management.server.port=19090' '--a=b c'\n",
  );
  expect(environment).toBe('ROLLGATE_HOST="app-1"\n');
  expect(slotFiles(slot)).toEqual({
    start: "start_b",
    environment: "secrets/environment_b",
    log: "logs/app_b.log",
  });
  const { healthPort: _, ...withoutHealthPort } = slot;
  expect(startFiles(withoutHealthPort, "r", "f", spec).start).toContain("'--management.server.PORT=9090'");
});
