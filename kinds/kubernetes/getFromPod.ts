import { request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/** Where a pod listens. */
export interface PodPort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** How the API calls its own answers, such as that a pod is not there. */
const OF_THE_API = '"kind":"Status"';
/** How it says that a pod gave no answer. */
const SILENT_POD = "error trying to reach service";
const TOO_MANY_REQUESTS = 429;
const MOST_CHARACTERS = 65_536;

/**
 * Sends a GET to a pod through the API. Returns the status, or `undefined` if the pod gave no answer; throws if the API
 * itself failed, which says nothing about the pod. The client library would escape the path.
 */
export async function getFromPod(
  config: KubeConfig,
  server: string,
  { namespace, name, port }: PodPort,
  path: string,
  signal: AbortSignal,
): Promise<number | undefined> {
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
        const isOfTheApi = statusCode >= 400 && body.includes(OF_THE_API);
        if (isOfTheApi && body.includes(SILENT_POD)) resolve(undefined);
        // The API says 429 in plain text, as a pod might.
        else if (isOfTheApi || statusCode === TOO_MANY_REQUESTS) reject(new Error(body));
        else resolve(statusCode);
      });
    });
    let isSent = false;
    sent.on("finish", () => {
      isSent = true;
    });
    // What the API has taken and not answered in time, the pod has not answered.
    sent.on("error", (error) => (isSent && signal.aborted ? resolve(undefined) : reject(error)));
    sent.end();
  });
}
