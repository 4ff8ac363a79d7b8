import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { poll } from "#rollout/common/poll.ts";
import { isAlive, listProcesses, type ProcessEntry } from "./processTable.ts";

const run = promisify(execFile);
const COMMAND_MILLISECONDS = 30_000;

/** The master process of the nginx whose prefix is `directory`; its title holds its command line. */
function findMaster(processes: readonly ProcessEntry[], directory: string): ProcessEntry | undefined {
  return processes.find(({ argv }) => {
    const title = argv.join(" ");
    return title.startsWith("nginx: master process") && title.includes(` -p ${directory} `);
  });
}

/** The nginx whose prefix is `directory`; `undefined` if it is not running. */
export async function runningNginx(directory: string): Promise<ProcessEntry | undefined> {
  return findMaster(await listProcesses(), directory);
}

/** Runs `nginx -t` on a file under the prefix; throws with nginx's own message. */
export async function testConfiguration(executable: string, directory: string, file: string): Promise<void> {
  await nginx(executable, directory, file, ["-t", "-q"]);
}

/** Stops nginx once its requests are finished, or with SIGTERM after `graceSeconds`. */
export async function quitNginx(directory: string, graceSeconds: number): Promise<void> {
  for (const [signal, seconds] of [
    ["SIGQUIT", graceSeconds],
    ["SIGTERM", 5],
    ["SIGKILL", 5],
  ] as const) {
    const master = await runningNginx(directory);
    if (master === undefined) return;
    process.kill(master.pid, signal);
    const gone = await poll(async () => !(await isAlive(master)) || undefined, {
      intervalMilliseconds: 20,
      deadlineMilliseconds: seconds * 1000,
    });
    if (gone) return;
  }
  throw new RollgateError("nginx-unkillable", `nginx in ${directory} survived SIGKILL`);
}

async function nginx(executable: string, directory: string, file: string, options: string[]): Promise<void> {
  try {
    await run(executable, ["-p", directory, "-c", join(directory, file), ...options], {
      timeout: COMMAND_MILLISECONDS,
      cwd: directory,
    });
  } catch (error) {
    const output = error instanceof Error && "stderr" in error ? String(error.stderr) : messageOf(error);
    const lines = output.trim().split("\n");
    const reason = lines.find((line) => line.includes("[emerg]")) ?? lines[0] ?? output;
    throw new RollgateError("nginx-refused", `nginx rejected its configuration: ${reason}`, { cause: error });
  }
}
