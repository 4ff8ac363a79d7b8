import { readFile } from "node:fs/promises";
import { runningNginx } from "../harness/nginxProcess.ts";
import { listProcesses } from "../harness/processTable.ts";
import { TICKS_PER_SECOND, ticksIn } from "./ticksIn.ts";

/** How long the processes of the nginx with this prefix have run on a processor so far. */
export async function processorSeconds(directory: string): Promise<number> {
  const master = await runningNginx(directory);
  const workers = (await listProcesses()).filter(({ parentPid }) => parentPid === master?.pid);
  const ticks = await Promise.all(workers.map(({ pid }) => ticksOf(pid)));
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** The same for the SSH servers whose files are in this directory, with all that runs in their connections. */
export async function sshdSeconds(directory: string): Promise<number> {
  const processes = await listProcesses();
  // sshd puts its whole command line into its title.
  const isServer = (word: string) => word.includes(`${directory}/`) && word.includes(".sshd");
  const pids = new Set(processes.filter(({ argv }) => argv.some(isServer)).map(({ pid }) => pid));
  // With connections, their shells, and what those have run. The key exchange happens in a child, which has ended by then.
  for (let size = 0; size < pids.size; ) {
    size = pids.size;
    for (const { pid, parentPid } of processes) if (pids.has(parentPid)) pids.add(pid);
  }
  const seconds = await Promise.all([...pids].map((pid) => secondsWithChildren(pid).catch(() => 0)));
  return seconds.reduce((sum, each) => sum + each, 0);
}

/** The connections of `ssh` that go on in the background for the next process: how long each has run on a processor, by its pid. */
export async function masterSeconds(): Promise<ReadonlyMap<number, number>> {
  const masters = (await listProcesses()).filter(({ argv }) => /^ssh: .*\[mux\]/.test(argv[0] ?? ""));
  const times = masters.map(async ({ pid }) => [pid, await ownSeconds(pid)] as const);
  return new Map(await Promise.all(times));
}

/** How long the processors of this machine have been busy so far, whatever with. */
export async function busySeconds(): Promise<number> {
  const text = await readFile("/proc/stat", "utf8");
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, later = 0] = text
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupts + later) / TICKS_PER_SECOND;
}

async function ticksOf(pid: number): Promise<number> {
  return ticksIn(await readFile(`/proc/${pid}/stat`, "utf8"), "own");
}

/** Of a process with one thread. In ticks, half of what hundreds of short processes take would be rounded off. */
async function ownSeconds(pid: number): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/${pid}/schedstat`, "utf8")).split(" ");
  return Number(nanoseconds) / 1e9;
}

/** With its children that have ended, whose two times are half a tick longer, on average, than the kernel says. */
async function secondsWithChildren(pid: number): Promise<number> {
  const ticks = ticksIn(await readFile(`/proc/${pid}/stat`, "utf8"), "children");
  return (await ownSeconds(pid)) + (ticks > 0 ? ticks + 1 : 0) / TICKS_PER_SECOND;
}
