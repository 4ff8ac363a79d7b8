import { readFileSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** Identifies a process across machines, containers and reboots. */
export interface ProcessIdentity {
  /** The boot of the kernel and the pid namespace that the other two belong to. */
  readonly seenFrom: string;
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * This process; `undefined` if the kernel does not identify it. Answered at once, without a turn of the event loop: a roll
 * that begins starts many commands, and its claim would wait behind them.
 */
export async function thisProcess(): Promise<ProcessIdentity | undefined> {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    const namespace = readlinkSync("/proc/self/ns/pid");
    const stat = readFileSync("/proc/self/stat", "utf8");
    const startTicks = fieldsOf(stat)[19];
    if (startTicks === undefined) return undefined;
    return { seenFrom: `${boot.trim()} ${namespace}`, pid: process.pid, startTicks };
  } catch {
    return undefined;
  }
}

/** Whether a process runs; `undefined` if it can't be seen from here: on another machine, in a container, or before a reboot. */
export async function isAlive({ seenFrom, pid, startTicks }: ProcessIdentity): Promise<boolean | undefined> {
  const here = await thisProcess();
  if (here?.seenFrom !== seenFrom) return undefined;
  const fields = fieldsOf(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""));
  return fields[0] !== "Z" && fields[19] === startTicks;
}

/** The second field is the command in parentheses, which may itself contain spaces and parentheses; proc(5). */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
