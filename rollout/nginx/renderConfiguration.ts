import { createHash } from "node:crypto";
import { join } from "node:path";
import { slotsOf, type TwoSlots } from "../host/slots.ts";
import { accessLogFormat } from "./configuration/accessLog.ts";
import { applicationLocation } from "./configuration/applicationLocation.ts";
import { balancing, drawKey, isSticky, routeMaps } from "./configuration/balance.ts";
import { canaryMap } from "./configuration/canaryRouting.ts";
import { clientMaps } from "./configuration/client.ts";
import { closedPathsMap } from "./configuration/closedPaths.ts";
import { controlServer } from "./configuration/controlServer.ts";
import { errorLogOf } from "./configuration/errorLog.ts";
import { fileIn } from "./configuration/fileIn.ts";
import { groupMaps } from "./configuration/groupMaps.ts";
import { WHOLE_SLOTS } from "./configuration/inPieces.ts";
import { ledgerFormat } from "./configuration/ledgerLog.ts";
import { ownFiles } from "./configuration/ownFiles.ts";
import { pageLocations } from "./configuration/pages.ts";
import { nothingElse } from "./configuration/pathPrefix.ts";
import { probeServer } from "./configuration/probeServer.ts";
import { proxyHeaderMaps } from "./configuration/proxyHeaders.ts";
import { serverNamesBucket, servers } from "./configuration/servers.ts";
import { ownDirectives, ownServerLines } from "./configuration/siteLines.ts";
import { staticLocations } from "./configuration/staticFiles.ts";
import { statusLocation, statusMap } from "./configuration/statusLocation.ts";
import { tlsMaps } from "./configuration/tlsLines.ts";
import { upstreams } from "./configuration/upstreams.ts";
import { wayMaps } from "./configuration/ways.ts";
import { drainGroups } from "./drainGroups.ts";
import { drainPools } from "./drainPools.ts";
import { checkModuleLines } from "./flavours/checkModule.ts";
import type { FlavourLines } from "./flavours/flavourLines.ts";
import { njsLines } from "./flavours/njs.ts";
import { stockLines } from "./flavours/stock.ts";
import { type ForeignParts, foreignConfiguration } from "./foreignConfiguration.ts";
import { servingLines } from "./neighbours.ts";
import type { NginxConfiguration } from "./nginxConfiguration.ts";
import type { NginxSettings } from "./nginxSettings.ts";
import { ownNames } from "./ownNames.ts";
import { standbyMap, standbyPools } from "./standby.ts";
import { type DrainUpstreams, upstreamMap } from "./upstreamMap.ts";

/** Renders `nginx.conf`, or our part of one, and the files it needs; the same settings always give the same bytes. */
export function renderConfiguration(settings: NginxSettings): NginxConfiguration {
  const { hosts } = settings;
  const groups = drainGroups(hosts);
  // A client stays with its host only if one way of choosing holds for every combination of drains.
  const pools = groups.length > 0 && isSticky(settings) ? [] : drainPools(hosts);
  const parts = { hosts, pools, groups, standby: standbyPools(hosts, pools) };
  const withFingerprint = (fingerprint: string) => {
    const lines = linesOf(settings, parts, fingerprint);
    const given = { fingerprint, files: [...lines.files, ...ownFiles(settings)] };
    if (!settings.isForeign) return { text: mainFile(settings, parts, lines, fingerprint), ...given };
    return foreignConfiguration(foreignParts(settings, parts, lines, fingerprint), given);
  };
  return withFingerprint(createHash("sha256").update(withFingerprint("").text).digest("hex").slice(0, 16));
}

function linesOf(settings: NginxSettings, parts: DrainUpstreams, fingerprint: string): FlavourLines {
  if (settings.flavour === "njs") return njsLines(settings, parts, fingerprint);
  return settings.flavour === "check-module" ? checkModuleLines(settings) : stockLines(settings);
}

/** Our part of an nginx that is not ours: with names, in a server block of its own. */
function foreignParts(
  settings: NginxSettings,
  parts: DrainUpstreams,
  lines: FlavourLines,
  fingerprint: string,
): ForeignParts {
  const http = `${header(settings)}${httpPart(settings, parts, lines, fingerprint)}`;
  const site = `${serverPart(settings, parts, lines)}${ownDirectives(settings)}`;
  if (settings.serverNames.length === 0) return { http, site };
  const content = `${nothingElse(settings.pathPrefix)}${ownServerLines(settings)}${site}`;
  return { http: `${http}${servers(settings, content)}` };
}

/** `nginx.conf` of an nginx that is ours alone. */
function mainFile(
  settings: NginxSettings,
  parts: DrainUpstreams,
  lines: FlavourLines,
  fingerprint: string,
): string {
  const { directory, user, pathPrefix, pidFile = "nginx.pid" } = settings;
  const temporary = (name: string) => fileIn(directory, join("temp", name));
  return `${header(settings)}${lines.main}${user ? `user ${user};\n` : ""}worker_processes auto;
worker_rlimit_nofile 16384;
pcre_jit on;
pid ${fileIn(directory, pidFile)};
error_log ${errorLogOf(settings)} warn;

events {
    # nginx's default of 512 is too low for a proxy: each request needs two.
    worker_connections 8192;
}

http {
    access_log off;
    server_tokens off;
    # What nginx keeps about a request to the application does not fit into the default of 4k.
    request_pool_size 8k;
${indented(variablesHash(settings))}${indented(serverNamesBucket(settings.serverNames))}    client_body_temp_path ${temporary("body")};
    proxy_temp_path ${temporary("proxy")};
    fastcgi_temp_path ${temporary("fastcgi")};
    uwsgi_temp_path ${temporary("uwsgi")};
    scgi_temp_path ${temporary("scgi")};

${indented(httpPart(settings, parts, lines, fingerprint))}
${indented(
  servers(
    settings,
    `${nothingElse(pathPrefix)}${ownServerLines(settings)}${serverPart(settings, parts, lines)}${ownDirectives(settings)}
# Of other stacks that share this nginx.
include ${fileIn(directory, "locations/*.conf")};
`,
  ),
)}    include ${fileIn(directory, "conf.d/*.conf")};
}
`;
}

/** A large fleet has more variables than nginx's default hash has room for, which takes long to make and is slow. */
function variablesHash({ hosts }: NginxSettings): string {
  const slots = hosts.flatMap(slotsOf).length;
  if (slots <= WHOLE_SLOTS) return "";
  return `variables_hash_max_size ${2 ** Math.ceil(Math.log2(slots * 8))};\nvariables_hash_bucket_size 128;\n`;
}

/** What others read of a configuration: whose it is, its hosts, where it is served, and which part of what is asked. */
function header(settings: NginxSettings): string {
  const { hosts, address, port, controlPort, tls } = settings;
  return `# Written by rollgate; edits are replaced by the next change of a setting.
${hostsLine(hosts)}
# place: ${JSON.stringify({ address, port, controlPort, tlsPort: tls?.port })}
${servingLines(settings)}`;
}

/** What our server blocks need, for the `http` block. */
function httpPart(
  settings: NginxSettings,
  parts: DrainUpstreams,
  lines: FlavourLines,
  fingerprint: string,
): string {
  const own = ownNames(settings.name);
  return `${tlsMaps(own, settings.tls)}${proxyHeaderMaps(own)}${clientMaps(settings)}${wayMaps(settings)}${accessLogFormat(settings)}${ledgerFormat(settings)}${routeMaps(settings)}${canaryMap(settings.canary, own)}${closedPathsMap(settings, own)}${statusMap(settings)}
${upstreams(parts, lines, own, balancing(settings))}
# The slots that are out select the upstream of a request.
${upstreamMap("drained", "drained_pool", parts, own)}${groupMaps(parts.groups, lines.out, own, drawKey(settings))}${lines.http}${standbyMap(parts.standby, lines.pool, own)}
${controlServer(settings, parts, lines, fingerprint)}${probeServer(settings, parts, lines)}`;
}

/** What clients get, for a server block. */
function serverPart(settings: NginxSettings, parts: DrainUpstreams, lines: FlavourLines): string {
  return `${applicationLocation(settings, parts, lines)}${staticLocations(settings)}${pageLocations(settings)}${statusLocation(settings)}`;
}

/** The hosts in a configuration of ours; `undefined` for any other file. */
export function hostsOf(configuration: string): TwoSlots[] | undefined {
  const json = /^# hosts: (.*(?:\n# (?!place: ).*)*)$/m.exec(configuration)?.[1];
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

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "    ");
}
