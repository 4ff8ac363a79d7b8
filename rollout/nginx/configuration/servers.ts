import { endpoint } from "../../machine/connections.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import type { TlsServing } from "../tls/tlsServing.ts";
import { tlsHeaders, tlsLines, tlsProtocolLines } from "./tlsLines.ts";

type Served = Pick<
  NginxSettings,
  "name" | "address" | "port" | "serverNames" | "tls" | "forwardedBy" | "isForeign"
>;

/** Our own server blocks; `content` is what the application's server consists of. */
export function servers(settings: Served, content: string): string {
  const { serverNames, tls } = settings;
  const own = ownNames(settings.name);
  const names = serverNames.length > 0 ? `server_name ${serverNames.join(" ")};\n` : "";
  const http = httpListens(settings);
  if (!tls) return `${unknownNames(settings)}${block(`${http}${names}${content}`)}`;
  const https = httpsListens(settings, tls, serverNames.length === 0);
  const secured = `${tlsLines(own, tls)}${tlsHeaders(own, tls)}`;
  const acme = acmeLocation(tls);
  const blocks = tls.redirect
    ? [`${http}${names}${acme}${redirectLocation(tls)}`, `${https}${names}${secured}${content}`]
    : [`${http}${https}${names}${secured}${acme}${content}`];
  return `${unknownNames(settings)}${blocks.map(block).join("")}`;
}

/** How many bytes nginx needs for the longest name: it refuses one that does not fit. */
export function serverNamesBucket(serverNames: readonly string[]): string {
  const longest = Math.max(0, ...serverNames.map(({ length }) => length));
  if (longest <= 32) return "";
  return `server_names_hash_bucket_size ${2 ** Math.ceil(Math.log2(longest + 32))};\n`;
}

function block(lines: string): string {
  return `server {\n${lines.replaceAll(/^(?=.)/gm, "    ")}}\n`;
}

/** Answers requests for names that are not served here, such as those of scanners. */
function unknownNames(settings: Served): string {
  const { serverNames, tls, isForeign } = settings;
  // Whoever owns the nginx says what happens to them.
  if (serverNames.length === 0 || isForeign) return "";
  const own = ownNames(settings.name);
  const https = tls ? httpsListens(settings, tls, true, " default_server") : "";
  const reject = tls?.canReject
    ? `ssl_reject_handshake on;\n${tlsProtocolLines(own, tls)}`
    : tls && tlsLines(own, tls);
  return `# For any name but those below.
${block(`${httpListens(settings, " default_server")}${https}server_name _;
${reject ?? ""}default_type text/plain;
return 421 "nothing is served here under this name\\n";
`)}`;
}

function httpListens(settings: Served, parameters = ""): string {
  return listens(settings.address, settings.port, `${parameters}${protocolOf(settings)}`);
}

/** `isFirst` is whether no other server listens there: a socket for QUIC is set up once. */
function httpsListens(
  settings: Served,
  { port, http2, http3 }: TlsServing,
  isFirst: boolean,
  parameters = "",
): string {
  const { address } = settings;
  const h2 = http2 === "listen" ? " http2" : "";
  const tcp = listens(address, port, ` ssl${h2}${parameters}${protocolOf(settings)}`);
  // Each worker has a socket of its own, so that the packets of a connection all get to one.
  const udp = http3 ? listens(address, port, ` quic${isFirst ? " reuseport" : ""}${parameters}`) : "";
  return `${tcp}${udp}`;
}

/** QUIC has no such protocol. */
function protocolOf({ forwardedBy }: Served): string {
  return forwardedBy === "proxy-protocol" ? " proxy_protocol" : "";
}

/** One socket per family, because nginx can't make an IPv6-only socket dual-stack without a restart. */
function listens(address: string, port: number, parameters = ""): string {
  const places = [endpoint(address, port)];
  if (places.includes(endpoint("::", port))) places.push(endpoint("0.0.0.0", port));
  return places.map((place) => `listen ${place}${parameters};\n`).join("");
}

/** 308 rather than 301, with which clients turn a POST into a GET. */
function redirectLocation({ publicPort }: TlsServing): string {
  const port = publicPort === 443 ? "" : `:${publicPort}`;
  return `location / {
    return 308 https://$host${port}$request_uri;
}
`;
}

function acmeLocation({ acmeWebroot }: TlsServing): string {
  if (acmeWebroot === undefined) return "";
  return `location ^~ /.well-known/acme-challenge/ {
    root ${acmeWebroot};
    default_type text/plain;
}
`;
}
