import type { OwnName } from "../ownNames.ts";
import type { ClientVariables } from "./client.ts";

/** The variables that `proxyHeaders` needs besides those of the client, for the `http` block. */
export function proxyHeaderMaps(own: OwnName): string {
  return `# The Host for requests that have none.
map $host $${own("bare_host")} {
    default $host;
    ""      localhost;
}
`;
}

/**
 * Sets the Host for the application, in the location of all requests. HTTP/1.1 requires one. An HTTP/1.0 client may send
 * none, and for one of HTTP/3, nginx knows it by another name.
 */
export function hostLines(own: OwnName): string {
  const host = `$${own("host")}`;
  return `    set ${host} $http_host;
    if (${host} = "") { set ${host} $${own("bare_host")}; }
`;
}

/**
 * Headers in which proxies tell applications about clients, besides those nginx sets. Frameworks and servlet containers
 * would trust them, so they must not come from a client.
 */
const CLEARED = [
  "Forwarded",
  // Spring's ForwardedHeaderFilter.
  "X-Forwarded-Prefix",
  "X-Forwarded-Ssl",
  // Tomcat's RemoteIpValve.
  "X-Forwarded-By",
  // Jetty's ForwardedRequestCustomizer.
  "X-Forwarded-Server",
  "X-Proxied-Https",
  "Proxy-Auth-Cert",
  "Proxy-Ssl-Id",
  // Scheme and path, as other proxies call them.
  "X-Forwarded-Protocol",
  "X-Forwarded-Scheme",
  "X-Forwarded-Context",
  "X-Forwarded-Path",
  "X-Forwarded-Uri",
  "X-Forwarded-Method",
  // The user who signed in at a proxy.
  "X-Forwarded-User",
  "X-Forwarded-Email",
  "X-Forwarded-Groups",
  "X-Forwarded-Preferred-Username",
  "X-Forwarded-Access-Token",
  "X-Forwarded-Client-Cert",
];

/** Sets the headers of every request to the application: what is known about the client, and nothing it claims. */
export function proxyHeaders(
  own: OwnName,
  { address, scheme, host, port }: ClientVariables,
  { isWebsocket, more }: { isWebsocket: boolean; more: readonly (readonly [string, string])[] },
): string {
  const headers = [
    ["Host", `$${own("host")}`],
    ["Connection", isWebsocket ? "upgrade" : '""'],
    ["Upgrade", isWebsocket ? "websocket" : '""'],
    ["HTTP2-Settings", '""'],
    ["X-Real-IP", address],
    ["X-Forwarded-For", address],
    ["X-Forwarded-Proto", scheme],
    ["X-Forwarded-Host", host],
    ["X-Forwarded-Port", port],
    ...more,
    ...CLEARED.map((name) => [name, '""']),
  ];
  return headers.map(([name, value]) => `    proxy_set_header ${name} ${value};\n`).join("");
}
