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

/** The same for the SSH servers whose files are in this directory, with their connections that have ended. */
export async function sshdSeconds(directory: string): Promise<number> {
  const processes = await listProcesses();
  // sshd puts its whole command line into its title.
  const isServer = (word: string) => word.includes(`${directory}/`) && word.includes(".sshd");
  const servers = processes.filter(({ argv }) => argv.some(isServer));
  const pids = new Set(servers.map(({ pid }) => pid));
  const connections = processes.filter(
    ({ parentPid, argv }) => pids.has(parentPid) && argv[0]?.startsWith("sshd"),
  );
  const ticks = await Promise.all([
    ...servers.map(({ pid }) => ticksOf(pid, true)),
    // The key exchange happens in a child, which has ended by then.
    ...connections.map(({ pid }) => ticksOf(pid, true).catch(() => 0)),
  ]);
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** Time in user mode and in the kernel: the 14th and 15th field, and those of its children that have ended after them. */
async function ticksOf(pid: number, withChildren = false): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, withChildren ? 15 : 13).reduce((sum, each) => sum + Number(each), 0);
}
