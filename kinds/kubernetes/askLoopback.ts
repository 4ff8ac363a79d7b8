import { request } from "node:http";
import { Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { type KubeConfig, PortForward } from "@kubernetes/client-node";
import { RollgateError } from "#rollout/common/errors.ts";
import type { PodPort } from "./getFromPod.ts";

/** Sends a GET to a port of a pod's loopback address, which only the API's port forwarding reaches; returns the body. */
export async function askLoopback(
  config: KubeConfig,
  { namespace, name, port }: PodPort,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  const [readable, writable, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const opened = await new PortForward(config)
    .portForward(namespace, name, [port], readable, errors, writable)
    .catch((cause: unknown) => {
      // The library rejects with an event.
      throw new RollgateError("no-answer", `pod ${name}: ${Object(cause).message ?? "no connection"}`, {
        cause,
      });
    });
  const webSocket = typeof opened === "function" ? opened() : opened;
  const connection = Duplex.from({ readable, writable });
  // Whoever asks sees the end of the connection.
  connection.on("error", () => {});
  webSocket?.on("close", () => readable.end());
  try {
    return await new Promise((resolve, reject) => {
      const refuse = (why: string) =>
        reject(new RollgateError("no-answer", `port ${port} of pod ${name}: ${why}`));
      errors.once("data", (why) => refuse(String(why).trim()));
      const headers = { host: "rollgate", connection: "close" };
      const sent = request({ path, headers, signal, createConnection: () => connection }, (response) => {
        text(response).then((body) => {
          if (response.statusCode === 200) resolve(body);
          else refuse(`answered ${response.statusCode}`);
        }, reject);
      });
      sent.on("error", reject);
      sent.end();
    });
  } finally {
    webSocket?.close();
  }
}
