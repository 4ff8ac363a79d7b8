import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request as send } from "node:http";
import { text } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request over a new connection. */
export async function request(
  url: string,
  options: { readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const sent = send(url, { agent: false, ...options }).end();
  const [response]: [IncomingMessage] = await once(sent, "response").then(([first]) => [first]);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: await text(response),
  };
}
