import { readFile, readlink } from "node:fs/promises";

/** A process that may be told from any other, whatever machine, container or boot it belongs to. */
export interface ProcessIdentity {
  /** The boot of the kernel and the namespace of pids in which the other two mean something. */
  readonly seenFrom: string;
  readonly pid: number;
  readonly startTicks: string;
}

/** This very process; `undefined` where the kernel does not tell. */
export async function thisProcess(): Promise<ProcessIdentity | undefined> {
  try {
    const [boot, namespace, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readlink("/proc/self/ns/pid"),
      readFile("/proc/self/stat", "utf8"),
    ]);
    // The second field is the command in parentheses and may hold spaces and parentheses itself; proc(5).
    const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    if (startTicks === undefined) return undefined;
    return { seenFrom: `${boot.trim()} ${namespace}`, pid: process.pid, startTicks };
  } catch {
    return undefined;
  }
}
