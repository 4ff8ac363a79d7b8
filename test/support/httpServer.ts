import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { onTestFinished } from "vitest";
import { freePort } from "../../harness/freePort.ts";

/** Ends the server and every connection to it. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

/** A real HTTP server that is gone after the test. */
export async function serveHttp(
  answer: RequestListener,
  options: { readonly port?: number; readonly address?: string } = {},
): Promise<{ readonly port: number; readonly server: Server }> {
  const { address = "127.0.0.1" } = options;
  const port = options.port ?? (await freePort(address));
  const server = createServer({ maxHeaderSize: 128 * 1024 }, answer).listen(port, address);
  await once(server, "listening");
  onTestFinished(() => close(server));
  return { port, server };
}
