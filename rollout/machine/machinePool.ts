import type { Socket } from "node:net";
import { Pool } from "undici";
import { messageOf } from "../common/errors.ts";
import type { Machine } from "./machine.ts";

/** How connections are opened. */
export interface MachinePoolOptions extends Pool.Options {
  /** How many will be needed soon, and may be opened before that; none unless given. */
  readonly expected?: number;
}

/** HTTP connections to a port, opened from the machine itself. */
export function machinePool(
  machine: Pick<Machine, "connect" | "connectAhead">,
  address: string,
  port: number,
  { expected = 0, ...options }: MachinePoolOptions,
): Pool {
  const anew = () => machine.connect(address, port);
  const open = (expected > 0 ? machine.connectAhead?.(address, port, expected) : undefined) ?? anew;
  return new Pool("http://localhost", {
    ...options,
    pipelining: 1,
    connect: (_, callback) => {
      open().then(
        (stream) => callback(null, stream as Socket),
        (error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error)), null),
      );
    },
  });
}
