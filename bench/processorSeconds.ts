import { readFile } from "node:fs/promises";
import { runningNginx } from "../harness/nginxProcess.ts";
import { listProcesses } from "../harness/processTable.ts";

/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** How long the processes of the nginx with this prefix have run on a processor so far. */
export async function processorSeconds(directory: string): Promise<number> {
  const master = await runningNginx(directory);
  const workers = (await listProcesses()).filter(({ parentPid }) => parentPid === master?.pid);
  const ticks = await Promise.all(workers.map(({ pid }) => ticksOf(pid)));
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** Time in user mode and in the kernel: the 14th and 15th field. */
async function ticksOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
