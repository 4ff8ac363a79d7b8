import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { type Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { TLSSocket } from "node:tls";

/** An answer over HTTPS, and the certificate that came with it. */
export interface SecureAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Its fingerprint. */
  readonly certificate: string;
  readonly protocol: string | null;
}

/** One request for a name, over a new connection unless an agent keeps them; trusts any certificate. */
export async function secureRequest(
  port: number,
  path = "/",
  {
    name = "shop.example.com",
    host = name,
    agent = false,
    method = "GET",
    address = "127.0.0.1",
  }: { name?: string; host?: string; agent?: Agent | false; method?: string; address?: string } = {},
): Promise<SecureAnswer> {
  const common = { host: address, port, path, method, agent, rejectUnauthorized: false };
  const sent = request({ ...common, servername: name, headers: { Host: host } }).end();
  const [response]: [IncomingMessage] = await once(sent, "response").then(([first]) => [first]);
  const { socket } = response;
  if (!(socket instanceof TLSSocket)) throw new Error("the answer was not secure");
  const { fingerprint256: certificate } = socket.getPeerCertificate();
  const protocol = socket.getProtocol();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: await text(response),
    certificate,
    protocol,
  };
}
