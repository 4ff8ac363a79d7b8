import { createHash } from "node:crypto";
import { join } from "node:path";
import { slotsOf, type TwoSlots } from "../host/slots.ts";
import { endpoint } from "../machine/connections.ts";
import { CLOSE_CONNECTIONS, IDLE_SECONDS } from "./closeConnections.ts";
import { canaryLines, canaryMap, canaryPick } from "./configuration/canaryRouting.ts";
import { errorLogOf } from "./configuration/errorLog.ts";
import { groupMaps } from "./configuration/groupMaps.ts";
import { proxyHeaderMaps, proxyHeaders } from "./configuration/proxyHeaders.ts";
import { rolloutLocations } from "./configuration/rolloutLocations.ts";
import { strangerMaps } from "./configuration/strangers.ts";
import { upstreams } from "./configuration/upstreams.ts";
import { drainGroups } from "./drainGroups.ts";
import { drainPools } from "./drainPools.ts";
import { checkModuleLines } from "./flavours/checkModule.ts";
import type { ConfigurationFile, FlavourLines } from "./flavours/flavourLines.ts";
import { njsLines } from "./flavours/njs.ts";
import { stockLines } from "./flavours/stock.ts";
import type { NginxSettings } from "./nginxSettings.ts";
import { STANDBY_FLAG, standbyLocation, standbyMap, standbyPools, standbyReturn } from "./standby.ts";
import { type DrainUpstreams, everySlotKey, upstreamMap } from "./upstreamMap.ts";

/** A configuration, and the fingerprint that nginx answers with once it serves it. */
export interface NginxConfiguration {
  readonly text: string;
  readonly fingerprint: string;
  /** Files that must be next to `nginx.conf` before nginx reads it. */
  readonly files: readonly ConfigurationFile[];
}

/** Renders `nginx.conf` and the files it needs; the same settings always give the same bytes. */
export function renderConfiguration(settings: NginxSettings): NginxConfiguration {
  const { hosts } = settings;
  const pools = drainPools(hosts);
  const parts = { hosts, pools, groups: drainGroups(hosts), standby: standbyPools(hosts, pools) };
  const withFingerprint = (fingerprint: string) => {
    const lines = linesOf(settings, parts, fingerprint);
    return { text: render(settings, parts, lines, fingerprint), fingerprint, files: lines.files };
  };
  return withFingerprint(createHash("sha256").update(withFingerprint("").text).digest("hex").slice(0, 16));
}

function linesOf(settings: NginxSettings, parts: DrainUpstreams, fingerprint: string): FlavourLines {
  if (settings.flavour === "njs") return njsLines(settings, parts, fingerprint);
  return settings.flavour === "check-module" ? checkModuleLines(settings) : stockLines;
}

function render(
  settings: NginxSettings,
  parts: DrainUpstreams,
  lines: FlavourLines,
  fingerprint: string,
): string {
  const { directory, hosts, canary } = settings;
  const slots = hosts.flatMap(slotsOf);
  const pool = parts.standby.length > 0 ? "$standby_pool" : lines.pool;
  const inPrefix = (...parts: string[]) => quote(join(directory, ...parts));
  return `# Written by rollgate; edits are replaced by the next change of a setting.
${hostsLine(hosts)}
${lines.main}${settings.user ? `user ${settings.user};\n` : ""}worker_processes auto;
worker_rlimit_nofile 16384;
pid ${inPrefix(settings.pidFile ?? "nginx.pid")};
error_log ${errorLogOf(settings)} warn;

events {
    # nginx's default of 512 is too low for a proxy: each request needs two.
    worker_connections 8192;
}

http {
    access_log off;
    server_tokens off;
    client_body_temp_path ${inPrefix("temp", "body")};
    proxy_temp_path ${inPrefix("temp", "proxy")};
    fastcgi_temp_path ${inPrefix("temp", "fastcgi")};
    uwsgi_temp_path ${inPrefix("temp", "uwsgi")};
    scgi_temp_path ${inPrefix("temp", "scgi")};
    # Spring Boot's own default for a multipart request.
    client_max_body_size 10m;

    map_hash_bucket_size ${bucketSize(hosts)};
${proxyHeaderMaps}
${strangerMaps(settings)}${canaryMap(canary)}
${upstreams(parts, lines)}
    # The names of the drained hosts select the upstream of a request: draining needs a file, not a reload.
${upstreamMap("$drained", "$drained_pool", parts)}${groupMaps(parts.groups, lines.out)}${lines.http}${standbyMap(parts.standby, lines.pool)}
    server {
${listens(settings)}
        set $drained "";
${slots.map(({ name }) => `        if (-f ${inPrefix("drained", name)}) { set $drained "\${drained}${name} "; }\n`).join("")}${standbyFlag(parts, inPrefix("drained", STANDBY_FLAG))}
${canaryLines(canary, hosts, (slot) => inPrefix("drained", slot))}${lines.server}        proxy_http_version 1.1;
        proxy_connect_timeout 2s;
        proxy_read_timeout ${Math.max(60, settings.slowestRequestSeconds)}s;
        # A request that kills its host must not be tried on all of them.
        proxy_next_upstream_tries 2;
        # Connect at the first byte, so that a drain waits for slow uploads too.
        proxy_request_buffering off;
        proxy_buffer_size 16k;
        proxy_buffers 8 16k;
${proxyHeaders}        # Clients that honour it close idle connections themselves, before a reload does.
        keepalive_timeout 75s ${IDLE_SECONDS}s;

        location / {
${canaryPick(canary)}            if (${pool} = none) {
                add_header Retry-After 5 always;
                return 503 "${lines.outage}\\n";
            }
            error_page 418 = @last_answer;
            if (-f ${inPrefix(CLOSE_CONNECTIONS)}) { return 418; }
${standbyReturn(parts.standby)}            proxy_pass http://${pool};
        }
        # Before a reload, each connection is closed with an answer, because the reload would cut off requests on it.
        location @last_answer {
            keepalive_timeout 0;
            proxy_pass http://${pool};
        }
${standbyLocation(parts.standby, pool)}
${rolloutLocations(settings, lines.status, fingerprint)}    }
}
`;
}

function standbyFlag({ standby }: DrainUpstreams, file: string): string {
  if (standby.length === 0) return "";
  return `        set $standby "";
        if (-f ${file}) { set $standby "standby "; }
`;
}

/** One socket per family, because nginx can't make an IPv6-only socket dual-stack without a restart. */
function listens({ address, port }: NginxSettings): string {
  const places = [endpoint(address, port)];
  if (places.includes(endpoint("::", port))) places.push(endpoint("0.0.0.0", port));
  return places.map((place) => `        listen ${place};\n`).join("");
}

/** The hosts in a configuration of ours; `undefined` for any other file. */
export function hostsOf(configuration: string): TwoSlots[] | undefined {
  const json = /^# hosts: (.*(?:\n# .*)*)$/m.exec(configuration)?.[1];
  return json === undefined ? undefined : JSON.parse(json.replaceAll("\n# ", ""));
}

/** nginx rejects a comment that is longer than its buffer of 4,096 bytes. */
const LONGEST_COMMENT = 4_000;

function hostsLine(hosts: readonly TwoSlots[]): string {
  const listed = hosts.map(({ name, address, port, healthPort, second }) => {
    return { name, address, port, healthPort, second };
  });
  const line = `# hosts: ${JSON.stringify(listed)}`;
  return line.length <= LONGEST_COMMENT ? line : line.replaceAll('},{"name"', '},\n# {"name"');
}

function bucketSize(hosts: readonly TwoSlots[]): number {
  return 2 ** Math.ceil(Math.log2(everySlotKey(hosts).length + 64));
}

function quote(path: string): string {
  return `"${path}"`;
}
