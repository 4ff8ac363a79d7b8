import { readdir, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError } from "#rollout/common/errors.ts";
import { listProcesses, type ProcessEntry } from "./processTable.ts";

/** Ends every process that works in a directory or has it in its command line, and the workers of its nginx. */
export async function endProcessesUnder(directory: string): Promise<void> {
  for (;;) {
    const processes = await listProcesses();
    const marked = await Promise.all(processes.map((candidate) => belongsTo(candidate, directory)));
    const ours = processes.filter(({ pid }, index) => marked[index] && pid !== process.pid);
    if (ours.length === 0) return;
    const children = processes.filter(({ parentPid }) => ours.some(({ pid }) => pid === parentPid));
    for (const { pid } of [...ours, ...children]) kill(pid);
    await sleep(20);
  }
}

/** SIGKILL to a process that may be gone already. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!isSystemError(error, "ESRCH")) throw error;
  }
}

async function belongsTo({ pid, argv }: ProcessEntry, directory: string): Promise<boolean> {
  if (argv.some((argument) => argument.includes(`${directory}/`))) return true;
  // The workers of an nginx whose master is dead show it by the log that they hold open.
  const links = argv[0]?.startsWith("nginx: worker") ? await descriptorsOf(pid) : [`/proc/${pid}/cwd`];
  const places = await Promise.all(links.map((link) => readlink(link).catch(() => "")));
  return places.some((place) => `${place}/`.startsWith(`${directory}/`));
}

async function descriptorsOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  return names.map((name) => `/proc/${pid}/fd/${name}`);
}
