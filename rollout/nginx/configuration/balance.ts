import type { NginxSettings } from "../nginxSettings.ts";
import { clientOf } from "./client.ts";
import { repeatedHeaders } from "./tlsLines.ts";

type Site = Pick<NginxSettings, "name" | "tls" | "balance" | "trustedProxies" | "forwardedBy">;

/** Whether a client stays with a host. */
export function isSticky({ balance }: Pick<Site, "balance">): boolean {
  return balance === "ip-hash" || balance === "cookie";
}

/** What chooses a host for a client: the same value, the same host, as long as that takes traffic. */
function stickyKey(settings: Site): string {
  return settings.balance === "ip-hash" ? clientOf(settings).address : `$${settings.name}_route`;
}

/** How an upstream chooses among its members. */
export interface Balancing {
  /** The first line of each upstream. */
  readonly line: string;
  /** nginx has no backups for such upstreams. */
  readonly isSticky: boolean;
}

/**
 * How upstreams choose. With a consistent hash, draining a host moves only its own clients; nginx's own `ip_hash` takes
 * a whole network for one client, and its `sticky` came only with 1.29.6.
 */
export function balancing(settings: Site): Balancing {
  if (isSticky(settings)) return { line: `    hash ${stickyKey(settings)} consistent;\n`, isSticky: true };
  return { line: settings.balance === "least-conn" ? "    least_conn;\n" : "", isSticky: false };
}

/** What draws a host from a large fleet. */
export function drawKey(settings: Site): string {
  return isSticky(settings) ? stickyKey(settings) : "$request_id";
}

/** For the `http` block: a browser without our cookie gets one. */
export function routeMaps(settings: Site): string {
  const { name, balance } = settings;
  if (balance !== "cookie") return "";
  const valid = "[0-9a-f]{32}";
  const cookie = `${name}_route=$request_id; Path=/; HttpOnly; SameSite=Lax`;
  return `map $cookie_${name}_route $${name}_route {
    default $request_id;
    "~^${valid}$" $cookie_${name}_route;
}
map "$cookie_${name}_route ${clientOf(settings).scheme}" $${name}_new_route {
    default "${cookie}";
    "~^${valid} " "";
    "~ https$" "${cookie}; Secure";
}
`;
}

/** For a location; nginx leaves out a header without a value. */
export function routeHeader(settings: Site): string {
  if (settings.balance !== "cookie") return "";
  return `    add_header Set-Cookie $${settings.name}_new_route;\n${repeatedHeaders(settings, "    ")}`;
}
