import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { isSystemError } from "#rollout/common/errors.ts";

const [FIRST, END] = [18_500, 32_000];
/** Processes that run side by side begin in slices of their own, since a port that one was given may not be in use yet. */
const SLICE = 800;
const OWN = FIRST + (process.pid % Math.floor((END - FIRST) / SLICE)) * SLICE;
/** Nothing may listen yet where something soon will. */
const given = new Set<number>();

/** The port on which the rollout reaches an nginx with this port; nobody else is given it. */
export function controlPortFor(port: number): number {
  return port < FIRST ? port + 10_000 : port - 13_500;
}

/** Where the rollout reaches an nginx on this machine whose clients use this port. */
export function controlUrl(port: number): string {
  return `http://127.0.0.1:${controlPortFor(port)}`;
}

/** A free port that this process was not given before, below the range for clients, so that it stays free for a while. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = given.size < SLICE / 2 ? randomInt(OWN, OWN + SLICE) : randomInt(FIRST, END);
    if (given.has(port)) continue;
    const server = createServer().listen(port, address);
    try {
      await once(server, "listening");
    } catch (error) {
      if (isSystemError(error, "EADDRINUSE")) continue;
      throw error;
    }
    server.close();
    await once(server, "close");
    given.add(port);
    return port;
  }
}
