import type { Socket } from "node:net";
import { Pool } from "undici";
import { messageOf } from "../common/errors.ts";
import type { Machine } from "./machine.ts";

/** HTTP connections to a port, opened from the machine itself. */
export function machinePool(
  machine: Pick<Machine, "connect">,
  address: string,
  port: number,
  options: Pool.Options,
): Pool {
  return new Pool("http://localhost", {
    ...options,
    pipelining: 1,
    connect: (_, callback) => {
      machine.connect(address, port).then(
        (stream) => callback(null, stream as Socket),
        (error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error)), null),
      );
    },
  });
}
