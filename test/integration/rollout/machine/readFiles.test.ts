import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readFiles } from "#rollout/machine/readFiles.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

describe.each(SHELLS)("files of a machine with %s", (shell) => {
  test("are read to the byte, without those that are not there", async (context) => {
    const machine = await localMachine(shell, context);
    const directory = await temporaryDirectory();
    const files = {
      empty: "",
      "a.conf": "no line break",
      "b.conf": "one\n\n two\n\n",
      other: "not asked for",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    expect(Object.fromEntries(await readFiles(machine, directory, ["missing", "empty", "*.conf"]))).toEqual({
      empty: "",
      "a.conf": "no line break",
      "b.conf": "one\n\n two\n\n",
    });
    expect(await readFiles(machine, join(directory, "nowhere"), ["a.conf"])).toEqual(new Map());
  });
});
