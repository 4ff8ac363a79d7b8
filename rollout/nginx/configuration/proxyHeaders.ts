import type { OwnName } from "../ownNames.ts";
import type { ClientVariables } from "./client.ts";

/** The variables that `proxyHeaders` needs besides those of the client, for the `http` block. */
export function proxyHeaderMaps(own: OwnName): string {
  return `# An upgraded connection stays on its host despite drains and balancing, so only websocket may upgrade.
map $http_upgrade $${own("upgrade")} {
    default "";
    "~*(^|,)[ \\t]*websocket[ \\t]*(,|$)" websocket;
}
map $${own("upgrade")} $${own("connection")} {
    default upgrade;
    ""      "";
}

# HTTP/1.1 requires a Host. An HTTP/1.0 client may send none, and for one of HTTP/3, nginx knows it by another name.
map $http_host $${own("host")} {
    default $http_host;
    ""      $${own("bare_host")};
}
map $host $${own("bare_host")} {
    default $host;
    ""      localhost;
}
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
  more: readonly (readonly [string, string])[],
): string {
  const headers = [
    ["Host", `$${own("host")}`],
    ["Connection", `$${own("connection")}`],
    ["Upgrade", `$${own("upgrade")}`],
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
