/** The variables that `proxyHeaders` needs, for the `http` block. */
export const proxyHeaderMaps = `    # A tunnel is bound to one host, past drains and balancing: of what a client offers, only websocket becomes one.
    map $http_upgrade $upgrade {
        default "";
        "~*(^|,)[ \\t]*websocket[ \\t]*(,|$)" websocket;
    }
    map $upgrade $connection_upgrade {
        default upgrade;
        ""      close;
    }

    # A client of HTTP/1.0 may send no Host, which HTTP/1.1 needs.
    map $http_host $upstream_host {
        default $http_host;
        ""      localhost;
    }
    # As the client names it: nginx may listen on another one, behind a port of a container.
    map $http_host $client_port {
        default            80;
        "~:([0-9]{1,5})$"  $1;
    }
`;

/**
 * What proxies tell applications about clients, beside what nginx sets itself. Nobody is trusted to say it, and what
 * frameworks and servlet containers would believe must not come from a client.
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
  // Other proxies' names for scheme and path.
  "X-Forwarded-Protocol",
  "X-Forwarded-Scheme",
  "X-Forwarded-Context",
  "X-Forwarded-Path",
  "X-Forwarded-Uri",
  "X-Forwarded-Method",
  // Who has signed in at a proxy.
  "X-Forwarded-User",
  "X-Forwarded-Email",
  "X-Forwarded-Groups",
  "X-Forwarded-Preferred-Username",
  "X-Forwarded-Access-Token",
  "X-Forwarded-Client-Cert",
];

/** What the application is told about a request besides what the client says. */
export const proxyHeaders = `        proxy_set_header Host $upstream_host;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Upgrade $upgrade;
        proxy_set_header HTTP2-Settings "";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Port $client_port;
${CLEARED.map((name) => `        proxy_set_header ${name} "";\n`).join("")}`;
