import { setTimeout as sleep } from "node:timers/promises";
import type { OpenConnection } from "../machine/machinePool.ts";

/** Nothing but the attempt to connect, so that an application that starts keeps the processors for itself. */
const LOOK_MILLISECONDS = 20;

/** Looks every so often whether a port accepts connections, a moment from now for the first time; rejects as `signal` aborts. */
export async function untilListening(open: OpenConnection, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(LOOK_MILLISECONDS, undefined, { signal });
    const connection = await open().catch(() => undefined);
    connection?.destroy();
    if (connection) return;
  }
}
