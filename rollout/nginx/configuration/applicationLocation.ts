import { join } from "node:path";
import { CLOSE_CONNECTIONS, IDLE_SECONDS } from "../closeConnections.ts";
import type { FlavourLines } from "../flavours/flavourLines.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import { STANDBY_FLAG, standbyLocation, standbyReturn } from "../standby.ts";
import type { DrainUpstreams } from "../upstreamMap.ts";
import { canaryLines } from "./canaryRouting.ts";
import { closedReturn } from "./closedPaths.ts";
import { drainLines } from "./drainLines.ts";
import { fileIn } from "./fileIn.ts";
import { proxyHeaders } from "./proxyHeaders.ts";

/** A request that kills its host must not be tried on all of them. */
const TRIES = 2;

/** The locations of the application, for a server block. */
export function applicationLocation(
  settings: NginxSettings,
  parts: DrainUpstreams,
  lines: FlavourLines,
): string {
  const { directory, hosts, canary, name } = settings;
  const own = ownNames(name);
  const flagOf = (slot: string) => fileIn(directory, join("drained", slot));
  const pool = own(parts.standby.length > 0 ? "standby_pool" : lines.pool);
  const passOn = (tries = TRIES) => `${proxyLines(settings, tries)}    proxy_pass http://$${pool};\n`;
  return `location / {
${closedReturn(settings, own)}${drainLines(hosts, flagOf, own)}${canaryLines(canary, hosts, flagOf, own)}    if ($${pool} = none) {
        add_header Retry-After 5 always;
        return 503 "${lines.outage}\\n";
    }
    error_page 418 = @${own("last_answer")};
    if (-f ${fileIn(directory, CLOSE_CONNECTIONS)}) { return 418; }
${standbyReturn(parts.standby, flagOf(STANDBY_FLAG), own)}    # Clients that honour it close idle connections themselves, before a reload does.
    keepalive_timeout 75s ${IDLE_SECONDS}s;
${passOn()}}
# Before a reload, each connection is closed with an answer, because the reload would cut off requests on it.
location @${own("last_answer")} {
    keepalive_timeout 0;
${passOn()}}
${standbyLocation(parts.standby, own, passOn)}`;
}

/** How a request is passed on. All of it is here because a server block of others may say otherwise. */
function proxyLines({ slowestRequestSeconds, name }: NginxSettings, tries: number): string {
  return `    # Spring Boot's own default for a multipart request.
    client_max_body_size 10m;
    proxy_http_version 1.1;
    proxy_connect_timeout 2s;
    proxy_read_timeout ${Math.max(60, slowestRequestSeconds)}s;
    proxy_next_upstream_tries ${tries};
    # Connect at the first byte, so that a drain waits for slow uploads too.
    proxy_request_buffering off;
    proxy_buffer_size 16k;
    proxy_buffers 8 16k;
${proxyHeaders(ownNames(name))}`;
}
