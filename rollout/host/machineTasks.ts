import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "../common/errors.ts";
import { type Ended, FAREWELL_SECONDS, type Output } from "../hooks/command.ts";
import type { Machine } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostTask, HostTasks } from "./hostTasks.ts";
import { assignments } from "./startFiles.ts";

const SCRIPTS = new URL("./scripts/", import.meta.url);
const START = readScripts(SCRIPTS, "start-task");
const RUN = readScripts(SCRIPTS, "run-task");
const FOLLOW = readScripts(SCRIPTS, "follow-task");
const REMOVE = 'rm -rf "$1/$2"';

const BETWEEN_LOOKS_MILLISECONDS = 200;
/** After that, the machine must have been restarted, and the command with it. */
const BEYOND_DEADLINE_SECONDS = FAREWELL_SECONDS + 15;

/**
 * Runs commands as the account that deploys, in the application's working directory. A command runs once, detached, and
 * its output is read piece by piece, so a broken connection neither ends nor repeats it.
 */
export class MachineTasks implements HostTasks {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #files: HostFiles;

  constructor(machine: Pick<Machine, "run">, directory: string, files: HostFiles) {
    this.#machine = machine;
    this.#directory = directory;
    this.#files = files;
  }

  async run({ release, words, variables, deadlineSeconds }: HostTask, output: Output): Promise<Ended> {
    const task = `.task.${randomUUID()}`;
    const environment = { ...variables, ROLLGATE_JAR: this.#files.archiveOf(release) };
    // A file, because command lines are visible to everyone on the machine.
    await this.#files.write(`${task}/environment`, assignments(environment), "077");
    const times = [deadlineSeconds, FAREWELL_SECONDS].map(String);
    await this.#machine.run(START, [this.#directory, task, RUN, ...times, ...words]);
    try {
      return await this.#follow(task, deadlineSeconds, output);
    } finally {
      await this.#machine.run(REMOVE, [this.#directory, task]);
    }
  }

  async #follow(task: string, deadlineSeconds: number, output: Output): Promise<Ended> {
    const until = performance.now() + (deadlineSeconds + BEYOND_DEADLINE_SECONDS) * 1000;
    const decoder = new TextDecoder();
    for (let read = 0; ; ) {
      const printed = await this.#machine.run(FOLLOW, [this.#directory, task, String(read)]);
      const [ended = "", base64 = ""] = printed.split("\n", 2);
      const bytes = Buffer.from(base64, "base64");
      read += bytes.length;
      output(decoder.decode(bytes, { stream: true }));
      if (bytes.length > 0) continue;
      if (ended === "overdue") return "overdue";
      if (ended !== "") return Number(ended);
      if (performance.now() > until) throw new RollgateError("task-lost", "it did not report how it ended");
      await sleep(BETWEEN_LOOKS_MILLISECONDS);
    }
  }
}
