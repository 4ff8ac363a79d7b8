import type { OwnName } from "../ownNames.ts";

/** The variables that `proxyHeaders` needs, for the `http` block. */
export function proxyHeaderMaps(own: OwnName): string {
  return `# An upgraded connection stays on its host despite drains and balancing, so only websocket may upgrade.
map $http_upgrade $${own("upgrade")} {
    default "";
    "~*(^|,)[ \\t]*websocket[ \\t]*(,|$)" websocket;
}
map $${own("upgrade")} $${own("connection")} {
    default upgrade;
    ""      close;
}

# An HTTP/1.0 client may send no Host, which HTTP/1.1 requires.
map $http_host $${own("host")} {
    default $http_host;
    ""      localhost;
}
# The port the client uses: in a container, nginx listens on another one than the published one.
map $http_host $${own("client_port")} {
    default            80;
    "~:([0-9]{1,5})$"  $1;
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

/** The headers that nginx sets on every request to the application. */
export function proxyHeaders(own: OwnName): string {
  return `    proxy_set_header Host $${own("host")};
    proxy_set_header Connection $${own("connection")};
    proxy_set_header Upgrade $${own("upgrade")};
    proxy_set_header HTTP2-Settings "";
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Port $${own("client_port")};
${CLEARED.map((name) => `    proxy_set_header ${name} "";\n`).join("")}`;
}
