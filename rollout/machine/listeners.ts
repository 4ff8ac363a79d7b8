import { answersAt, parseTcpTable, TCP_LISTEN, type TcpSocket } from "./connections.ts";
import type { Machine } from "./machine.ts";
import { describeProcess, readProcessLine } from "./processLine.ts";
import { readScripts } from "./scripts.ts";

const FOLDER = new URL("./scripts/", import.meta.url);
/** Prints every listening socket, for `readListening`. */
export const PRINT_LISTENING = readScripts(FOLDER, "print-listening");
const FIND_HOLDER = readScripts(FOLDER, "show-process", "find-holder");

/** The listening sockets in the text of one or more kernel tables. */
export function readListening(text: string): TcpSocket[] {
  return text
    .split(/(?=^\s*sl\s)/m)
    .flatMap(parseTcpTable)
    .filter(({ state }) => state === TCP_LISTEN);
}

/** Describes who listens where a client of `address:port` ends up; `undefined` if nobody does. */
export async function portHolder(
  machine: Pick<Machine, "run">,
  address: string,
  port: number,
): Promise<string | undefined> {
  const listening = readListening(await machine.run(PRINT_LISTENING, []));
  const listeners = listening.filter(({ local }) => answersAt(local, address, port));
  return listeners.length === 0 ? undefined : describeHolder(machine, listeners);
}

/** Describes a process as `pid 4711 (java -jar app.jar)`, or by its account if this one may not see it. */
export async function describeHolder(
  machine: Pick<Machine, "run">,
  listeners: readonly TcpSocket[],
): Promise<string> {
  const [first] = listeners;
  const inodes = listeners.map(({ inode }) => inode);
  const found = (await machine.run(FIND_HOLDER, [first?.uid ?? "", ...inodes])).trim();
  const [, account] = /^account (.*)$/.exec(found) ?? [];
  return account === undefined
    ? describeProcess(readProcessLine(found))
    : `a process of the account ${account}`;
}
