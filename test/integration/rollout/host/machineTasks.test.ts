import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import { MachineTasks } from "#rollout/host/machineTasks.ts";
import type { RunOptions } from "#rollout/machine/machine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const here = new LocalMachine();
/** Runs each script twice, as after a connection that broke before the answer arrived. */
const forgetful = {
  async run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const answer = await here.run(script, args, options);
    return options.input || script.startsWith("rm ") ? answer : here.run(script, args, options);
  },
};

async function tasksIn(directory: string) {
  return new MachineTasks(forgetful, directory, new HostFiles(here, directory));
}

function task(script: string, ...args: string[]) {
  return {
    words: ["sh", "-c", script, "sh", ...args],
    variables: {},
    deadlineSeconds: 20,
    release: "1.0.0-0123456789ab",
    spec: { launch: { java: "java", jvmOptions: [], arguments: [] }, environment: {} },
  };
}

test("a command runs once, even if a broken connection makes its machine run every script again", async () => {
  const directory = await temporaryDirectory();
  const tasks = await tasksIn(directory);
  const file = join(directory, "runs");
  let printed = "";
  const ended = await tasks.run(task('echo ran >> "$1"; echo printed; sleep 0.3; exit 4', file), (text) => {
    printed += text;
  });
  expect([ended, printed]).toEqual([4, "printed\n"]);
  expect(await readFile(file, "utf8")).toBe("ran\n");
});

test("secrets are gone once the command has them, and so is what a dead deployer left behind", async () => {
  const directory = await temporaryDirectory();
  const tasks = await tasksIn(directory);
  await mkdir(join(directory, ".task.old"));
  await writeFile(join(directory, ".task.old", "environment"), 'PASSWORD="hunter2"');
  let printed = "";
  await tasks.run(task('ls -A "$1" "$1"/.task.*', directory), (text) => {
    printed += text;
  });
  expect(printed).toContain("began");
  expect(printed).not.toMatch(/environment|\.task\.old/);
  expect(await readdir(directory)).toEqual(["work"]);
});

test("long output arrives complete, also where a character is split", async () => {
  const tasks = await tasksIn(await temporaryDirectory());
  let printed = "";
  await tasks.run(
    task('i=0; while [ $i -lt 4000 ]; do echo "$i äöü€ 0123456789"; i=$((i + 1)); done'),
    (text) => {
      printed += text;
    },
  );
  expect(printed).toBe(Array.from({ length: 4000 }, (_, index) => `${index} äöü€ 0123456789\n`).join(""));
});
