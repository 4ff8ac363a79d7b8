import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError } from "#rollout/common/errors.ts";

const LOOKS = 4;
const LOOK_MILLISECONDS = 5;

/** A process as `/proc` shows it; `startTicks` tells it from a later one with the same pid. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly startTicks: string;
  readonly argv: readonly string[];
}

/** Every process of this machine that can be read; zombies are left out. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => readProcess(Number(name))));
  return found.filter((entry) => entry !== undefined);
}

/** The process with this pid, or `undefined` when there is none any more. */
export async function readProcess(pid: number): Promise<ProcessEntry | undefined> {
  const stat = await readProc(pid, "stat");
  const cmdline = stat && (await readCommandLine(pid, stat));
  if (stat === undefined || cmdline === undefined) return undefined;
  // The second field is the command in parentheses and may hold spaces and parentheses itself; proc(5).
  const [state, parentPid, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [threads, startTicks] = [Number(rest[15]), rest[17]];
  // The first thread of a process may have ended while others still hold its sockets.
  const isOver = state === "X" || (state === "Z" && threads <= 1);
  if (isOver || startTicks === undefined) return undefined;
  return { pid, parentPid: Number(parentPid), startTicks, argv: cmdline.split("\0").slice(0, -1) };
}

/** A process that is just becoming another program has no command line for a moment; kernel threads never have one. */
async function readCommandLine(pid: number, stat: string): Promise<string | undefined> {
  const mayHaveOne = !/\) (?:[A-Z] [02] |Z )/.test(stat);
  for (let looked = 1; ; looked++) {
    const cmdline = await readProc(pid, "cmdline");
    if (cmdline !== "" || !mayHaveOne || looked >= LOOKS) return cmdline;
    await sleep(LOOK_MILLISECONDS);
  }
}

/** Whether exactly this process, not a later one with its pid, is still there. */
export async function isAlive(entry: ProcessEntry): Promise<boolean> {
  return (await readProcess(entry.pid))?.startTicks === entry.startTicks;
}

/** The pids of a process's children, from `/proc/<pid>/task/<pid>/children` or, on kernels without, from all processes. */
export async function childrenOf(pid: number): Promise<number[]> {
  const children = await readProc(pid, `task/${pid}/children`);
  if (children !== undefined) return children.split(" ").filter(Boolean).map(Number);
  return (await listProcesses()).filter(({ parentPid }) => parentPid === pid).map((entry) => entry.pid);
}

/** A variable that the process was started with. */
export async function startVariable(pid: number, name: string): Promise<string | undefined> {
  const environ = await readProc(pid, "environ");
  const prefix = `${name}=`;
  return environ
    ?.split("\0")
    .find((line) => line.startsWith(prefix))
    ?.slice(prefix.length);
}

/** Inodes of the sockets that the process holds open. */
export async function socketInodes(pid: number): Promise<Set<string>> {
  const directory = `/proc/${pid}/fd`;
  const descriptors = await readdir(directory).catch(() => []);
  const targets = await Promise.all(
    descriptors.map((descriptor) => readlink(`${directory}/${descriptor}`).catch(() => "")),
  );
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

async function readProc(pid: number, file: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return undefined;
    throw error;
  }
}
