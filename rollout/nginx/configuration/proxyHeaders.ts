/** The variables that `proxyHeaders` needs, for the `http` block. */
export const proxyHeaderMaps = `    map $http_upgrade $connection_upgrade {
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
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
`;
