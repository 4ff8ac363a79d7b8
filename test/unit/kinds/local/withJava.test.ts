import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { withJava } from "#kinds/local/withJava.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const launch = { java: "java", jvmOptions: ["-Xmx1g"], arguments: [] };

async function onPath(): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "java"), "#!/bin/sh\n", { mode: 0o755 });
  vi.stubEnv("PATH", directory);
  onTestFinished(() => void vi.unstubAllEnvs());
  return join(directory, "java");
}

test("the Java that the shell finds becomes part of the launch options", async () => {
  const java = await onPath();
  expect(withJava(launch)).toEqual({ ...launch, java });
  expect(withJava({ ...launch, java: "no-such-java" }).java).toBe("no-such-java");
});

test("a Java found before is kept, whatever another shell would find", async () => {
  const [first, second] = [await onPath(), await onPath()];
  expect(withJava(launch, first).java).toBe(first);
  expect(withJava(launch, "/nowhere/java").java).toBe(second);
  expect(withJava({ ...launch, java: "java21" }, first).java).toBe("java21");
});

test("a Java set by its path is used as it is", async () => {
  const found = await onPath();
  expect(withJava({ ...launch, java: "/opt/jdk/bin/java" }, found).java).toBe("/opt/jdk/bin/java");
  expect(withJava({ ...launch, java: "./jdk/bin/java" }).java).toBe(resolve("jdk/bin/java"));
});
