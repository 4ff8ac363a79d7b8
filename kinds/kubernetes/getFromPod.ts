import { request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** Where a pod listens. */
export interface PodPort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** How the API calls its own answers, such as that a pod can't be reached. */
const OF_THE_API = '"kind":"Status"';
const MOST_CHARACTERS = 65_536;

/** Sends a GET to a pod through the API and returns the status. The client library would escape the path. */
export async function getFromPod(
  config: KubeConfig,
  server: string,
  { namespace, name, port }: PodPort,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  const options: RequestOptions = { signal };
  await config.applyToHTTPSOptions(options);
  const url = new URL(`${server}/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy${path}`);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const { statusCode = 0 } = response;
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        if (body.length < MOST_CHARACTERS) body += part;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (statusCode >= 400 && body.includes(OF_THE_API)) reject(new Error(body));
        else resolve(statusCode);
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
