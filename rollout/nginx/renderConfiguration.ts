import { createHash } from "node:crypto";
import { join } from "node:path";
import { endpoint } from "../connections.ts";
import type { Flavour } from "../rollRequest.ts";
import { drainPools, type PoolMember } from "./drainPools.ts";

/** Active checks by nginx itself, in the check module's terms. */
export interface CheckPolicy {
  readonly path: string;
  readonly intervalMilliseconds: number;
  readonly rise: number;
  readonly fall: number;
  readonly timeoutMilliseconds: number;
}

/** Everything that the configuration depends on. */
export interface NginxSettings {
  readonly flavour: Flavour;
  /** nginx's own prefix, absolute. */
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  readonly hosts: readonly PoolMember[];
  readonly check: CheckPolicy;
  /** Path of the application's own health endpoint. */
  readonly healthPath: string;
  /** How long a host may take to answer before nginx gives up. */
  readonly slowestRequestSeconds: number;
  /** Addresses or networks beside loopback that may read `/status`. */
  readonly statusAllow: readonly string[];
  /** Instead of a file under the prefix, such as `stderr`. */
  readonly errorLog?: string;
  /** The account that workers run as; given only when nginx is started by root. */
  readonly user?: string;
}

/** A configuration and the fingerprint that it answers with, so that a reload can be seen to have worked. */
export interface NginxConfiguration {
  readonly text: string;
  readonly fingerprint: string;
}

/** The whole `nginx.conf`: the same settings always give the same bytes. */
export function renderConfiguration(settings: NginxSettings): NginxConfiguration {
  const fingerprint = createHash("sha256").update(render(settings, "")).digest("hex").slice(0, 16);
  return { text: render(settings, fingerprint), fingerprint };
}

function render(settings: NginxSettings, fingerprint: string): string {
  const { directory, hosts } = settings;
  const inPrefix = (...parts: string[]) => quote(join(directory, ...parts));
  const pools = drainPools(hosts);
  const ownAddress = isLoopbackOrAny(settings.address) ? "" : `        ${settings.address} 0;\n`;
  return `# Written by rollgate; edits are replaced by the next change of a setting.
${hostsLine(hosts)}
${settings.user ? `user ${settings.user};\n` : ""}worker_processes auto;
worker_rlimit_nofile 16384;
pid ${inPrefix("nginx.pid")};
error_log ${settings.errorLog ?? inPrefix("logs", "error.log")} warn;

events {
    # nginx's default of 512 is too few for a proxy: each request holds two.
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
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ""      close;
    }

    # A client of HTTP/1.0 may send no Host, which HTTP/1.1 needs.
    map $http_host $upstream_host {
        default $http_host;
        ""      localhost;
    }

    # The address that nginx listens on is one of this machine's own.
    geo $stranger {
        default 1;
        127.0.0.0/8 0;
        ::1 0;
${ownAddress}    }
    geo $status_stranger {
        default 1;
        127.0.0.0/8 0;
        ::1 0;
${ownAddress}${settings.statusAllow.map((network) => `        ${network} 0;\n`).join("")}    }

    upstream all {
${hosts.map((host) => `        ${serverLine(host, settings.flavour)}\n`).join("")}${checkLines(settings)}    }
${pools
  .map(
    (pool) => `
    # without ${pool.without.join(", ")}
    upstream ${pool.name} {
${pool.members.map((host) => `        ${serverLine(host, "stock")}\n`).join("")}    }
`,
  )
  .join("")}
    # The names of the drained hosts pick the upstream of a request: a drain is a file, never a reload.
    map $drained $pool {
        default all;
${pools.map((pool) => `        "${drainedKey(pool.without)}" ${pool.name};\n`).join("")}        "${drainedKey(hosts.map(({ name }) => name))}" none;
    }

    server {
        listen ${endpoint(settings.address, settings.port)};

        set $drained "";
${hosts.map(({ name }) => `        if (-f ${inPrefix("drained", name)}) { set $drained "\${drained}${name} "; }\n`).join("")}
        location / {
            if ($pool = none) {
                add_header Retry-After 5 always;
                return 503 "no host takes traffic\\n";
            }
            proxy_pass http://$pool;
            proxy_http_version 1.1;
            proxy_connect_timeout 2s;
            proxy_read_timeout ${Math.max(60, settings.slowestRequestSeconds)}s;
            # One request that no host survives must not take them all out of the upstream.
            proxy_next_upstream_tries 2;
            # Connected from the first byte on, so that a drain waits for a slow upload, too.
            proxy_request_buffering off;
            proxy_buffer_size 16k;
            proxy_buffers 8 16k;
            proxy_set_header Host $upstream_host;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
        }

        location = /status {
            if ($status_stranger) { return 403; }
            ${settings.flavour === "check-module" ? "check_status;" : 'default_type application/json;\n            return 200 \'{"checks":"none","drained":"$drained"}\\n\';'}
        }

        location ^~ /rollgate/ {
            return 404;
        }
        # The rollout's own questions; \`return\` runs before \`deny\` would, hence the variable.
        location = /rollgate/configuration {
            if ($stranger) { return 403; }
            return 200 "${settings.flavour} ${fingerprint}";
        }
        location = /rollgate/hosts {
            if ($stranger) { return 403; }
            return 200 "${hosts.map(({ name }) => name).join(" ")}";
        }
        location = /rollgate/drained {
            if ($stranger) { return 403; }
            return 200 "$pool $drained";
        }
${hosts.map((host) => healthLocation(host, settings.healthPath)).join("")}    }
}
`;
}

/** The hosts of a configuration that was rendered here; `undefined` for any other file. */
export function hostsOf(configuration: string): PoolMember[] | undefined {
  const json = /^# hosts: (.*)$/m.exec(configuration)?.[1];
  return json === undefined ? undefined : JSON.parse(json);
}

function hostsLine(hosts: readonly PoolMember[]): string {
  return `# hosts: ${JSON.stringify(hosts.map(({ name, address, port }) => ({ name, address, port })))}`;
}

/** What `$drained` holds while exactly these hosts are drained, in the order of the configuration. */
export function drainedKey(names: readonly string[]): string {
  return names.map((name) => `${name} `).join("");
}

function isLoopbackOrAny(address: string): boolean {
  return /^(127\.|0\.0\.0\.0$|::1?$)/.test(address);
}

function serverLine(host: PoolMember, flavour: Flavour): string {
  // With active checks a server that is up again must not stay excluded for nginx's own fail_timeout; without,
  // a few failures in a row take it out for a moment.
  const failover = flavour === "check-module" ? "max_fails=0" : "max_fails=3 fail_timeout=2s";
  return `server ${endpoint(host.address, host.port)} ${failover};`;
}

function checkLines({ flavour, check }: NginxSettings): string {
  if (flavour !== "check-module") return "";
  return `        check interval=${check.intervalMilliseconds} rise=${check.rise} fall=${check.fall} timeout=${check.timeoutMilliseconds} type=http;
        check_http_send "GET ${check.path} HTTP/1.0\\r\\n\\r\\n";
        check_http_expect_alive http_2xx http_3xx;
`;
}

function healthLocation(host: PoolMember, healthPath: string): string {
  return `        location = /rollgate/health/${host.name} {
            if ($stranger) { return 403; }
            proxy_pass http://${endpoint(host.address, host.port)}${healthPath};
            proxy_connect_timeout 2s;
            proxy_read_timeout 5s;
        }
`;
}

function bucketSize(hosts: readonly PoolMember[]): number {
  const longestKey = drainedKey(hosts.map(({ name }) => name)).length;
  return 2 ** Math.ceil(Math.log2(longestKey + 64));
}

function quote(path: string): string {
  return `"${path}"`;
}
