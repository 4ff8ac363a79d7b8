import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { isSystemError } from "#rollout/common/errors.ts";

const [FIRST, END] = [18_500, 32_000];

/** The port on which the rollout reaches an nginx with this port; nobody else is given it. */
export function controlPortFor(port: number): number {
  return port < FIRST ? port + 10_000 : port - 13_500;
}

/** Where the rollout reaches an nginx on this machine whose clients use this port. */
export function controlUrl(port: number): string {
  return `http://127.0.0.1:${controlPortFor(port)}`;
}

/**
 * A free port, below the range for clients, so that it stays free for a while. Nothing may listen yet where something
 * soon will: nobody else is given it, on whatever address, until this process ends.
 */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    const isFree =
      (await reserve(port)) &&
      (await canListen(port, address)) &&
      (await canListen(controlPortFor(port), "127.0.0.1"));
    if (isFree) return port;
  }
}

/** A reservation that every process on this machine sees, and that the kernel ends: nothing else here uses UDP. */
async function reserve(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  const isBound = await isDone(socket, () => socket.bind({ port, address: "127.0.0.1", exclusive: true }));
  if (isBound) socket.unref();
  else socket.close();
  return isBound;
}

async function canListen(port: number, address: string): Promise<boolean> {
  const server = createServer();
  const isListening = await isDone(server, () => server.listen(port, address));
  if (!isListening) return false;
  server.close();
  await once(server, "close");
  return true;
}

/** Whether it listens then; not if something else has the port. */
async function isDone(listener: NodeJS.EventEmitter, listen: () => void): Promise<boolean> {
  const listening = once(listener, "listening");
  listen();
  try {
    await listening;
    return true;
  } catch (error) {
    if (isSystemError(error, "EADDRINUSE")) return false;
    throw error;
  }
}
