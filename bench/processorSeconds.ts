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
  const ticks = await Promise.all([...pids].map((pid) => ticksOf(pid, true).catch(() => 0)));
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** The connections of `ssh` that go on in the background for the next process: how long each has run on a processor, by its pid. */
export async function masterSeconds(): Promise<ReadonlyMap<number, number>> {
  const masters = (await listProcesses()).filter(({ argv }) => /^ssh: .*\[mux\]/.test(argv[0] ?? ""));
  const times = masters.map(async ({ pid }) => [pid, (await ticksOf(pid)) / TICKS_PER_SECOND] as const);
  return new Map(await Promise.all(times));
}

async function ticksOf(pid: number, withChildren = false): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  return ticksIn(text, "own") + (withChildren ? ticksIn(text, "children") : 0);
}
