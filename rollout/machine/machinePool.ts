import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Pool } from "undici";
import { messageOf } from "../common/errors.ts";
import type { Machine } from "./machine.ts";

type Connecting = Pick<Machine, "connect" | "connectAhead">;

/** Opens a connection to a port of a machine. */
export type OpenConnection = () => Promise<Duplex>;

/** HTTP connections to a port, opened from the machine itself. */
export function machinePool(
  machine: Pick<Machine, "connect">,
  address: string,
  port: number,
  options: Pool.Options,
): Pool {
  return poolOver(() => machine.connect(address, port), options);
}

/** How to connect to a port from the machine itself, if so many connections may be opened before they are needed. */
export function openerOf(
  machine: Connecting,
  address: string,
  port: number,
  expected: number,
): OpenConnection {
  const ahead = machine.connectAhead?.(address, port, expected);
  return () => (ahead ?? machine).connect(address, port);
}

/** HTTP connections that are opened that way. */
export function poolOver(open: OpenConnection, options: Pool.Options): Pool {
  return new Pool("http://localhost", {
    pipelining: 1,
    ...options,
    connect: (_, callback) => {
      open().then(
        (stream) => callback(null, stream as Socket),
        (error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error)), null),
      );
    },
  });
}
