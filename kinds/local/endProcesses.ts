import { isSystemError, RollgateError } from "#rollout/common/errors.ts";
import { poll } from "#rollout/common/poll.ts";
import { isAlive, type ProcessEntry } from "./processTable.ts";

const POLL_MILLISECONDS = 20;
const KILL_DEADLINE_SECONDS = 10;

/** SIGTERM, then SIGKILL for those that are still there after the grace; tells whether that was needed. */
export async function endProcesses(
  processes: readonly ProcessEntry[],
  graceSeconds: number,
): Promise<{ killed: boolean }> {
  for (const target of processes) signal(target, "SIGTERM");
  if (await allGone(processes, graceSeconds)) return { killed: false };
  for (const target of processes) if (await isAlive(target)) signal(target, "SIGKILL");
  if (await allGone(processes, KILL_DEADLINE_SECONDS)) return { killed: true };
  throw new RollgateError("unkillable", `pid ${processes.map(({ pid }) => pid).join(", ")} outlived SIGKILL`);
}

function signal(target: ProcessEntry, name: NodeJS.Signals): void {
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if (!isSystemError(error, "ESRCH")) throw error;
  }
}

async function allGone(processes: readonly ProcessEntry[], deadlineSeconds: number): Promise<boolean> {
  const gone = await poll(
    async () => !(await Promise.all(processes.map(isAlive))).includes(true) || undefined,
    { intervalMilliseconds: POLL_MILLISECONDS, deadlineMilliseconds: deadlineSeconds * 1000 },
  );
  return gone ?? false;
}
