import { endpoint } from "../machine/connections.ts";
import type { ProxyPlace } from "./places.ts";

/** Where clients reach an nginx; `host` is what else it is called, with a port if need be. */
export function publicUrl(
  { address, port, tlsPort, serverName }: Pick<ProxyPlace, "address" | "port" | "tlsPort" | "serverName">,
  host?: string,
): string {
  const [scheme, usual, own] = tlsPort === undefined ? ["http", 80, port] : ["https", 443, tlsPort];
  if (serverName !== undefined) return `${scheme}://${serverName}${own === usual ? "" : `:${own}`}`;
  return `${scheme}://${host === undefined ? endpoint(address, own) : `${host}:${own}`}`;
}
