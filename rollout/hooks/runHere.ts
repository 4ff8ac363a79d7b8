import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError } from "../common/errors.ts";
import { type Command, type Ended, FAREWELL_SECONDS, type Output } from "./command.ts";

/** What a background process left behind by the command still writes is read no longer than this. */
const LAST_OUTPUT_MILLISECONDS = 1_000;

/**
 * Runs a command on this machine, in the current directory and with the environment of this process. At the deadline, its
 * whole process group is ended.
 */
export async function runHere(
  { words, variables, deadlineSeconds }: Command,
  output: Output,
): Promise<Ended> {
  // One pipe for both streams keeps their order.
  const child = spawn("sh", ["-c", 'exec "$@" 2>&1', "sh", ...words], {
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  child.stdout.setEncoding("utf8").on("data", output);
  let isOverdue = false;
  const stop = setTimeout(() => {
    isOverdue = true;
    signalGroup(child.pid, "SIGTERM");
  }, deadlineSeconds * 1000);
  const kill = setTimeout(
    () => signalGroup(child.pid, "SIGKILL"),
    (deadlineSeconds + FAREWELL_SECONDS) * 1000,
  );
  try {
    const closed = once(child, "close");
    closed.catch(() => {});
    await once(child, "exit");
    await Promise.race([closed, sleep(LAST_OUTPUT_MILLISECONDS)]);
    const { exitCode, signalCode } = child;
    if (!isOverdue) return exitCode ?? 128 + (signalCode ? constants.signals[signalCode] : 0);
    // Its children may have ignored the first signal.
    signalGroup(child.pid, "SIGKILL");
    return "overdue";
  } finally {
    clearTimeout(stop);
    clearTimeout(kill);
    child.stdout.destroy();
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if (!isSystemError(error, "ESRCH")) throw error;
  }
}
