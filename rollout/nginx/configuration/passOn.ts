import { IDLE_SECONDS } from "../closeConnections.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import { releaseRoot, requestIdHeader } from "./accessLog.ts";
import { routeHeader } from "./balance.ts";
import { clientOf } from "./client.ts";
import { isolation } from "./isolation.ts";
import { ledgerLogIfRaised } from "./ledgerLog.ts";
import { proxyHeaders } from "./proxyHeaders.ts";
import { siteLines } from "./siteLines.ts";
import type { Way } from "./ways.ts";

/** nginx's own default for another read, below which `slowestRequestSeconds` doesn't take it. */
const READ_SECONDS = 60;
/** Enough for the headers of most answers; nginx's own default is a quarter of it. */
const HEADER_KILOBYTES = 16;

const CONNECT_AT_ONCE = `    # Connect at the first byte, so that a drain waits for slow uploads too.
    proxy_request_buffering off;
`;

/** How a location of the application differs from the common one. */
export interface Variant {
  readonly way: Way;
  readonly tries: number;
  /** Before a reload, each connection is closed with an answer, because the reload would cut off requests on it. */
  readonly isLast: boolean;
  /** Whether nginx reads a request before it passes it on, so that it can be passed on once more. */
  readonly isReadFirst?: boolean;
}

/**
 * How a location of the application passes a request on to the upstream in this variable. All of it is here because a
 * server block of others may say otherwise.
 */
export function passOn(
  settings: NginxSettings,
  pool: string,
  { way, tries, isLast, isReadFirst }: Variant,
): string {
  const { name, maxBodySize = "10m", timeouts = {}, largeHeaders = "0", slowestRequestSeconds } = settings;
  const { connectSeconds = 2, sendSeconds = 60, keepAliveSeconds = 75 } = timeouts;
  const { readSeconds = Math.max(READ_SECONDS, slowestRequestSeconds) } = timeouts;
  const header = Math.max(HEADER_KILOBYTES, Number.parseInt(largeHeaders, 10));
  // Clients that honour it close idle connections themselves, before a reload does.
  const keepAlive = isLast || keepAliveSeconds === 0 ? "0" : `${keepAliveSeconds}s ${IDLE_SECONDS}s`;
  const headers = { isWebsocket: way.suffix === "_websocket", more: requestIdHeader(settings) };
  return `${isolation(settings)}${siteLines(settings)}${ledgerLogIfRaised(settings)}${releaseRoot(settings)}${routeHeader(settings)}    keepalive_timeout ${keepAlive};
    client_max_body_size ${maxBodySize};
    proxy_http_version 1.1;
    proxy_connect_timeout ${connectSeconds}s;
    proxy_send_timeout ${sendSeconds}s;
    proxy_read_timeout ${way.idleSeconds ?? readSeconds}s;
    proxy_next_upstream_tries ${tries};
${isReadFirst ? "" : CONNECT_AT_ONCE}    proxy_buffering ${way.isBuffered ? "on" : "off"};
    proxy_buffer_size ${header}k;
    proxy_buffers 8 ${header}k;
${proxyHeaders(ownNames(name), clientOf(settings), headers)}    proxy_pass http://$${pool};
`;
}
