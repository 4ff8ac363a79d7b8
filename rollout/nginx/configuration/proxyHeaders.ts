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
`;

/** What the application is told about a request besides what the client says. */
export const proxyHeaders = `        proxy_set_header Host $upstream_host;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Upgrade $upgrade;
        proxy_set_header HTTP2-Settings "";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
`;
