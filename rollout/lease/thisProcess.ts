import { readFile, readlink } from "node:fs/promises";

/** Identifies a process across machines, containers and reboots. */
export interface ProcessIdentity {
  /** The boot of the kernel and the pid namespace that the other two belong to. */
  readonly seenFrom: string;
  readonly pid: number;
  readonly startTicks: string;
}

/** This process; `undefined` if the kernel does not identify it. */
export async function thisProcess(): Promise<ProcessIdentity | undefined> {
  try {
    const [boot, namespace, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readlink("/proc/self/ns/pid"),
      readFile("/proc/self/stat", "utf8"),
    ]);
    const startTicks = fieldsOf(stat)[19];
    if (startTicks === undefined) return undefined;
    return { seenFrom: `${boot.trim()} ${namespace}`, pid: process.pid, startTicks };
  } catch {
    return undefined;
  }
}

/** Whether a process is seen from here and runs. Those of other machines, containers and boots are not seen. */
export async function isAlive({ seenFrom, pid, startTicks }: ProcessIdentity): Promise<boolean> {
  const here = await thisProcess();
  if (here?.seenFrom !== seenFrom) return false;
  const [state, ...fields] = fieldsOf(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""));
  return state !== "Z" && fields[18] === startTicks;
}

/** The second field is the command in parentheses, which may itself contain spaces and parentheses; proc(5). */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
