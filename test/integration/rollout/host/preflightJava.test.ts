import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { preflightHost } from "#rollout/host/startFiles.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

describe.each(SHELLS)("on a machine with %s, the java command", (shell) => {
  test("is not started for a check while a process is running the same file", async (context) => {
    const machine = await localMachine(shell, context);
    // This process runs it, and it would fail with -version.
    await preflightHost(machine, await temporaryDirectory(), "process", process.execPath);
  });

  test("is rejected if it does not run on that machine", async (context) => {
    const machine = await localMachine(shell, context);
    const directory = await temporaryDirectory();
    const java = join(directory, "java");
    await writeFile(java, "\u007fELF of another processor", { mode: 0o755 });
    await expect(preflightHost(machine, directory, "process", java)).rejects.toMatchObject({
      code: "java-missing",
    });
  });
});
