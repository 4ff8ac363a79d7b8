import { endpoint } from "../../machine/connections.ts";
import { type TlsServing, tlsHeaders, tlsLines, tlsProtocolLines } from "./tlsLines.ts";

/** Where nginx serves the application, and under which names. */
export interface ServersSettings {
  /** The prefix of everything in the configuration that has a name. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Empty for any name. */
  readonly serverNames: readonly string[];
  readonly tls?: TlsServing;
  /** More parameters of each \`listen\`, such as ` proxy_protocol`. */
  readonly listenParameters?: string;
}

/** Our own server blocks; `content` is what the application's server consists of. */
export function servers(settings: ServersSettings, content: string): string {
  const { name, serverNames, tls } = settings;
  const names = serverNames.length > 0 ? `        server_name ${serverNames.join(" ")};\n` : "";
  const isDefault = serverNames.length === 0;
  const block = (lines: string) => `    server {\n${lines}    }\n`;
  const http = httpListens(settings, "");
  if (!tls) return unknownNames(settings) + block(`${http}${names}${content}`);
  const https = `${httpsListens(settings, tls, isDefault, "")}`;
  const secured = `${tlsLines(name, tls)}${tlsHeaders(name, tls)}`;
  if (!tls.redirect) {
    return unknownNames(settings) + block(`${http}${https}${names}${secured}${acmeLocation(tls)}${content}`);
  }
  return `${unknownNames(settings)}${block(`${http}${names}${acmeLocation(tls)}${redirectLocation(tls)}`)}${block(
    `${https}${names}${secured}${content}`,
  )}`;
}

/** How many bytes nginx needs for the longest name: it refuses one that does not fit. */
export function serverNamesBucket(serverNames: readonly string[]): string {
  const longest = Math.max(0, ...serverNames.map(({ length }) => length));
  if (longest <= 32) return "";
  return `    server_names_hash_bucket_size ${2 ** Math.ceil(Math.log2(longest + 32))};\n`;
}

/** Answers requests for names that are not served here, such as those of scanners. */
function unknownNames(settings: ServersSettings): string {
  const { name, serverNames, tls } = settings;
  if (serverNames.length === 0) return "";
  const refuse = tls?.canReject
    ? `        ssl_reject_handshake on;\n${tlsProtocolLines(name, tls)}`
    : tls && tlsLines(name, tls);
  return `    # For any name but those below.
    server {
${httpListens(settings, " default_server")}${tls ? httpsListens(settings, tls, true, " default_server") : ""}        server_name _;
${refuse ?? ""}        default_type text/plain;
        return 421 "nothing is served here under this name\\n";
    }
`;
}

function httpListens({ address, port, listenParameters = "" }: ServersSettings, parameters: string): string {
  return listens(address, port, `${parameters}${listenParameters}`);
}

/** `isFirst` is whether no other server listens there: a socket for QUIC is set up once. */
function httpsListens(
  { address, listenParameters = "" }: ServersSettings,
  { port, http2, http3 }: TlsServing,
  isFirst: boolean,
  parameters: string,
): string {
  const tcp = listens(
    address,
    port,
    ` ssl${http2 === "listen" ? " http2" : ""}${parameters}${listenParameters}`,
  );
  // Each worker has a socket of its own, so that the packets of a connection all get to one.
  const udp = http3 ? listens(address, port, ` quic${isFirst ? " reuseport" : ""}${parameters}`) : "";
  return `${tcp}${udp}`;
}

/** One socket per family, because nginx can't make an IPv6-only socket dual-stack without a restart. */
export function listens(address: string, port: number, parameters = ""): string {
  const places = [endpoint(address, port)];
  if (places.includes(endpoint("::", port))) places.push(endpoint("0.0.0.0", port));
  return places.map((place) => `        listen ${place}${parameters};\n`).join("");
}

/** 308 rather than 301, with which clients turn a POST into a GET. */
function redirectLocation({ publicPort }: TlsServing): string {
  const port = publicPort === 443 ? "" : `:${publicPort}`;
  return `        location / {
            return 308 https://$host${port}$request_uri;
        }
`;
}

function acmeLocation({ acmeWebroot }: TlsServing): string {
  if (acmeWebroot === undefined) return "";
  return `        location ^~ /.well-known/acme-challenge/ {
            root ${acmeWebroot};
            default_type text/plain;
        }
`;
}
