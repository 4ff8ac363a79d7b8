import { createHash } from "node:crypto";
import { join } from "node:path";
import { endpoint } from "../machine/connections.ts";
import type { Flavour } from "../request/rollRequest.ts";
import type { CheckPolicy } from "./checkPolicy.ts";
import { CLOSING, IDLE_SECONDS } from "./closeConnections.ts";
import { type DrainPool, drainPools, type PoolMember } from "./drainPools.ts";
import { checkModuleLines } from "./flavours/checkModule.ts";
import type { ConfigurationFile, FlavourLines } from "./flavours/flavourLines.ts";
import { njsLines } from "./flavours/njs.ts";
import { stockLines } from "./flavours/stock.ts";
import { drainedKey, upstreamMap } from "./upstreamMap.ts";

/** Everything that the configuration depends on. */
export interface NginxSettings {
  readonly flavour: Flavour;
  /** The file of nginx's JavaScript module, when it has to be loaded. */
  readonly njsModule?: string;
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
  /** Relative to the prefix; `nginx.pid` unless given. */
  readonly pidFile?: string;
  /** The account that workers run as; given only when nginx is started by root. */
  readonly user?: string;
}

/** A configuration and the fingerprint that it answers with, so that a reload can be seen to have worked. */
export interface NginxConfiguration {
  readonly text: string;
  readonly fingerprint: string;
  /** What has to stand beside `nginx.conf` before nginx reads it. */
  readonly files: readonly ConfigurationFile[];
}

/** The whole `nginx.conf` and the files that it names: the same settings always give the same bytes. */
export function renderConfiguration(settings: NginxSettings): NginxConfiguration {
  const pools = drainPools(settings.hosts);
  const withFingerprint = (fingerprint: string) => {
    const lines = linesOf(settings, pools, fingerprint);
    return { text: render(settings, pools, lines, fingerprint), fingerprint, files: lines.files };
  };
  return withFingerprint(createHash("sha256").update(withFingerprint("").text).digest("hex").slice(0, 16));
}

function linesOf(settings: NginxSettings, pools: readonly DrainPool[], fingerprint: string): FlavourLines {
  if (settings.flavour === "njs") return njsLines(settings, pools, fingerprint);
  return settings.flavour === "check-module" ? checkModuleLines(settings.check) : stockLines;
}

function render(
  settings: NginxSettings,
  pools: readonly DrainPool[],
  lines: FlavourLines,
  fingerprint: string,
): string {
  const { directory, hosts } = settings;
  const inPrefix = (...parts: string[]) => quote(join(directory, ...parts));
  const ownAddress = isLoopbackOrAny(settings.address) ? "" : `        ${settings.address} 1;\n`;
  return `# Written by rollgate; edits are replaced by the next change of a setting.
${hostsLine(hosts)}
${lines.main}${settings.user ? `user ${settings.user};\n` : ""}worker_processes auto;
worker_rlimit_nofile 16384;
pid ${inPrefix(settings.pidFile ?? "nginx.pid")};
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
    geo $from_here {
        default 0;
        127.0.0.0/8 1;
        ::1 1;
${ownAddress}    }
    # Another proxy on this machine comes from here, too, with the requests of strangers.
    map "$http_x_forwarded_for$http_forwarded$http_x_real_ip$http_via" $through_proxy {
        default 1;
        ""      0;
    }
    map "$from_here $through_proxy" $stranger {
        default 1;
        "1 0"   0;
    }
    geo $may_read_status {
        default 0;
${settings.statusAllow.map((network) => `        ${network} 1;\n`).join("")}    }
    map "$may_read_status $stranger" $status_stranger {
        default 0;
        "0 1"   1;
    }

    upstream all {
${hosts.map((host) => `        ${serverLine(host, lines.failover.all)}\n`).join("")}${lines.checks}    }
${pools
  .map(
    (pool) => `
    # without ${pool.without.join(", ")}
    upstream ${pool.name} {
${pool.members.map((host) => `        ${serverLine(host, lines.failover.smaller)}\n`).join("")}    }
`,
  )
  .join("")}
    # The names of the drained hosts pick the upstream of a request: a drain is a file, never a reload.
${upstreamMap({ source: "$drained", target: "$drained_pool", nobody: "all", otherwise: "all" }, hosts, pools)}${lines.http}
    server {
        listen ${endpoint(settings.address, settings.port)};

        set $drained "";
${hosts.map(({ name }) => `        if (-f ${inPrefix("drained", name)}) { set $drained "\${drained}${name} "; }\n`).join("")}
${lines.server}        proxy_http_version 1.1;
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
        # Clients that heed it let go of idle connections by themselves, and are not in the way of a reload.
        keepalive_timeout 75s ${IDLE_SECONDS}s;

        location / {
            if (${lines.pool} = none) {
                add_header Retry-After 5 always;
                return 503 "${lines.outage}\\n";
            }
            error_page 418 = @last_answer;
            if (-f ${inPrefix(CLOSING)}) { return 418; }
            proxy_pass http://${lines.pool};
        }
        # Before a reload, which closes idle connections with whatever is on its way: each is closed with an answer.
        location @last_answer {
            keepalive_timeout 0;
            proxy_pass http://${lines.pool};
        }

        location = /status {
            if ($status_stranger) { return 403; }
            ${lines.status}
        }

        location ^~ /rollgate/ {
            return 404;
        }
        # Only what nginx itself says of a host, not what the host answers.
        location @unreachable {
            default_type text/plain;
            return 502 "no answer to nginx\\n";
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
            return 200 "$drained_pool $drained";
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

function isLoopbackOrAny(address: string): boolean {
  return /^(127\.|0\.0\.0\.0$|::1?$)/.test(address);
}

function serverLine(host: PoolMember, failover: boolean): string {
  // With active checks a server that is up again must not stay excluded for nginx's own fail_timeout; without,
  // a few failures in a row take it out for a moment.
  return `server ${endpoint(host.address, host.port)} ${failover ? "max_fails=3 fail_timeout=2s" : "max_fails=0"};`;
}

function healthLocation(host: PoolMember, healthPath: string): string {
  return `        location = /rollgate/health/${host.name} {
            if ($stranger) { return 403; }
            proxy_pass http://${endpoint(host.address, host.port)}${healthPath};
            proxy_set_header Host $proxy_host;
            proxy_connect_timeout 2s;
            proxy_read_timeout 5s;
            error_page 502 504 @unreachable;
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
