import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { isSystemError } from "#rollout/common/errors.ts";

/** A free port, below the range for clients, so that it stays free for a while. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const server = createServer().listen(port, address);
    try {
      await once(server, "listening");
    } catch (error) {
      if (isSystemError(error, "EADDRINUSE")) continue;
      throw error;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
