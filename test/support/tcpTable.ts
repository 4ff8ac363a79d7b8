import { readFile } from "node:fs/promises";
import { answersAt, parseTcpTable, TCP_LISTEN, type TcpSocket } from "#rollout/machine/connections.ts";
import { listProcesses, type ProcessEntry, socketInodes } from "../../harness/processTable.ts";

/** The TCP sockets of this network namespace, IPv4 and IPv6. */
export async function readTcpTable(): Promise<TcpSocket[]> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  return tables.flatMap(parseTcpTable);
}

/**
 * Who listens where a client of `address:port` ends up: a process, an unreadable one, or nobody. To look at the
 * `suspect` first saves looking through the open files of every process.
 */
export async function listenerOn(
  address: string,
  port: number,
  suspect?: ProcessEntry,
): Promise<ProcessEntry | "unknown" | undefined> {
  const listeners = (await readTcpTable()).filter(
    (socket) => socket.state === TCP_LISTEN && answersAt(socket.local, address, port),
  );
  if (listeners.length === 0) return undefined;
  const inodes = new Set(listeners.map((socket) => socket.inode));
  const listens = async ({ pid }: ProcessEntry) => !(await socketInodes(pid)).isDisjointFrom(inodes);
  if (suspect && (await listens(suspect))) return suspect;
  for (const entry of await listProcesses()) if (await listens(entry)) return entry;
  return "unknown";
}

const MAX_COMMAND = 100;

/** A process in a message, on one line: `pid 4711 (java -jar app.jar)`. */
export function describeListener(listener: ProcessEntry | "unknown"): string {
  if (listener === "unknown") return "a process of another user";
  const command = listener.argv.slice(0, 3).join(" ").replaceAll(/\s+/g, " ").trim();
  return `pid ${listener.pid} (${command.length > MAX_COMMAND ? `${command.slice(0, MAX_COMMAND)}…` : command})`;
}
