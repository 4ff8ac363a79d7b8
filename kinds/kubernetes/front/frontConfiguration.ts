import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accessLogFormat } from "#rollout/nginx/configuration/accessLog.ts";
import { clientMaps } from "#rollout/nginx/configuration/client.ts";
import { closedPathsMap } from "#rollout/nginx/configuration/closedPaths.ts";
import { ledgerFormat } from "#rollout/nginx/configuration/ledgerLog.ts";
import { ownFiles } from "#rollout/nginx/configuration/ownFiles.ts";
import { pageLocations } from "#rollout/nginx/configuration/pages.ts";
import { nothingElse } from "#rollout/nginx/configuration/pathPrefix.ts";
import { proxyHeaderMaps } from "#rollout/nginx/configuration/proxyHeaders.ts";
import { serverNamesBucket, servers } from "#rollout/nginx/configuration/servers.ts";
import { ownDirectives, ownServerLines } from "#rollout/nginx/configuration/siteLines.ts";
import { statusLocation, statusMap } from "#rollout/nginx/configuration/statusLocation.ts";
import { wayMaps } from "#rollout/nginx/configuration/ways.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { ownNames } from "#rollout/nginx/ownNames.ts";
import { hashedName } from "#rollout/nginx/servedConfiguration.ts";
import { checkPeriodMilliseconds, FOLLOW_MILLISECONDS } from "./admitSeconds.ts";
import { podLocations } from "./podLocations.ts";

/** nginx's folder in its pod, which it may write to. */
export const FRONT_DIRECTORY = "/tmp/rollgate";
/** Where it listens: for clients, for the rollout on loopback, and for kubelet. */
export const [FRONT_PORT, FRONT_CONTROL_PORT, FRONT_READY_PORT] = [8080, 8079, 8081] as const;

const SHARED = ["checks", "status", "roll", "slots", "metrics", "page", "style"];
const NGINX_SCRIPTS = join(import.meta.dirname, "..", "..", "..", "rollout", "nginx", "njs");
const OWN_SCRIPTS = join(import.meta.dirname, "njs");
/** Where every pod finds its account. */
export const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** An answer must be there before the API is asked again. */
const BETWEEN_ANSWERS_MILLISECONDS = 100;
/** Longer than a deployer may be busy or out of reach. */
const UNREAD_SECONDS = 120;

/** What nginx in front of pods serves, and where these are. */
export interface FrontSettings extends NginxSettings {
  readonly namespace: string;
  /** The Service whose endpoints are the pods. */
  readonly podsService: string;
  readonly podPort: number;
  readonly healthPort: number;
  /** Where kubelet asks whether it knows the pods. */
  readonly readyPort: number;
  /** The folder with its token for the API and the certificate of that. */
  readonly account: string;
}

/** The files of nginx's folder, by their names; the same settings always give the same bytes. */
export function frontConfiguration(settings: FrontSettings): Record<string, string> {
  const script = scriptOf(settings);
  const own = ownFiles(settings).map(({ name, text }) => [name, text] as const);
  return {
    "nginx.conf": mainFile(settings, hashedName(script, "js")),
    [hashedName(script, "js")]: script,
    ...Object.fromEntries(own),
  };
}

function mainFile(settings: FrontSettings, script: string): string {
  const { njsModule, directory, pathPrefix, serverNames } = settings;
  const temporary = (of: string) => `"${join(directory, "temp", of)}"`;
  return `# Written by rollgate.
load_module "${njsModule}";
worker_processes 2;
worker_rlimit_nofile 16384;
pcre_jit on;
pid "${join(directory, "nginx.pid")}";
error_log stderr warn;
env KUBERNETES_SERVICE_HOST;
env KUBERNETES_SERVICE_PORT;

events {
    worker_connections 8192;
}

http {
    access_log off;
    server_tokens off;
    request_pool_size 8k;
    client_body_temp_path ${temporary("body")};
    proxy_temp_path ${temporary("proxy")};
    fastcgi_temp_path ${temporary("fastcgi")};
    uwsgi_temp_path ${temporary("uwsgi")};
    scgi_temp_path ${temporary("scgi")};
${indented(serverNamesBucket(serverNames))}
${indented(httpPart(settings, script))}
${indented(
  servers(
    settings,
    `${nothingElse(pathPrefix)}${ownServerLines(settings)}${podLocations(settings)}${pageLocations(settings)}${statusLocation(settings)}${ownDirectives(settings)}`,
  ),
)}}
`;
}

function httpPart(settings: FrontSettings, script: string): string {
  const { name } = settings;
  const own = ownNames(name);
  return `${proxyHeaderMaps(own)}${clientMaps(settings)}${wayMaps(settings)}${accessLogFormat(settings)}${ledgerFormat(settings)}${closedPathsMap(settings, own)}${statusMap(settings)}
js_shared_dict_zone zone=${name}:1m;
js_shared_dict_zone zone=${own("pods")}:4m;
js_shared_dict_zone zone=${own("refused")}:64k timeout=2s evict;
js_shared_dict_zone zone=${own("counts")}:8m type=number timeout=${UNREAD_SECONDS}s evict;
js_import ${name} from ${script};
js_set $${own("pod")} ${name}.pod;
js_set $${own("pod_again")} ${name}.podAgain;
js_set $${own("drained")} ${name}.leaving;
# Counts a request of a roll; its log is never written.
js_set $${own("ledger")} ${name}.countRequest;
js_set $${own("api")} ${name}.api;
js_set $${own("token")} ${name}.token;

${controlServers(settings)}`;
}

function controlServers(settings: FrontSettings): string {
  const { name, controlPort, readyPort, check, namespace, podsService, account } = settings;
  const own = ownNames(name);
  const { timeoutMilliseconds } = check;
  const period = checkPeriodMilliseconds(check);
  const slices = `apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?resourceVersion=0&labelSelector=kubernetes.io%2Fservice-name%3D${podsService}`;
  return `# For the rollout, which comes through the cluster's API, and for nginx itself.
server {
    listen 127.0.0.1:${controlPort};
    access_log off;
    location / {
        return 404;
    }
    # The module logs an error for each refused connection; people read the lines of @changes.
    location @checks {
        error_log stderr crit;
        js_periodic ${name}.checkPods interval=${period}ms;
        js_fetch_timeout ${timeoutMilliseconds}ms;
    }
    location @follow {
        error_log stderr crit;
        js_periodic ${name}.follow interval=${FOLLOW_MILLISECONDS}ms;
        js_fetch_timeout ${FOLLOW_MILLISECONDS - BETWEEN_ANSWERS_MILLISECONDS}ms;
        js_fetch_max_response_buffer_size 8m;
    }
    location @changes {
        js_periodic ${name}.logChanges interval=1000ms;
    }
    location = /status {
        set $${own("fingerprint")} "";
        js_content ${name}.status;
    }
    location = /rollgate/ledger {
        js_content ${name}.ledger;
    }
    location = /rollgate/endpoints {
        error_log stderr crit;
        proxy_pass https://$${own("api")}/${slices};
        proxy_ssl_verify on;
        proxy_ssl_verify_depth 4;
        proxy_ssl_trusted_certificate ${join(account, "ca.crt")};
        proxy_ssl_name kubernetes.default.svc;
        proxy_ssl_server_name on;
        proxy_set_header Host kubernetes.default.svc;
        proxy_set_header Accept application/json;
        proxy_set_header Authorization "Bearer $${own("token")}";
        proxy_connect_timeout 1s;
        proxy_read_timeout 2s;
    }
}
# For kubelet.
server {
    listen ${readyPort};
    access_log off;
    location / {
        return 404;
    }
    location = /ready {
        js_content ${name}.ready;
    }
    location = /live {
        js_content ${name}.live;
    }
}
`;
}

/** The JavaScript as nginx loads it. */
function scriptOf(settings: FrontSettings): string {
  const { name, check, podPort, healthPort, controlPort, account, directory } = settings;
  const { rise, fall, timeoutMilliseconds, expect, path } = check;
  const limits = { rise, fall, timeoutMilliseconds, expect, path, port: podPort, healthPort };
  const read = (folder: string) => (file: string) => readFileSync(join(folder, `${file}.js`), "utf8");
  return [
    "// Written by rollgate.",
    'import fs from "fs";',
    'const ID = "pods";',
    `const STACK = "${name}";`,
    `const TOKEN = ${JSON.stringify(join(account, "token"))};`,
    `const AUTHORITY = ${JSON.stringify(join(account, "ca.crt"))};`,
    `const KEPT = ${JSON.stringify(join(directory, "pods.json"))};`,
    `const CONTROL = "http://127.0.0.1:${controlPort}";`,
    `const LIMITS = ${JSON.stringify({ ...limits, rollFile: "" })};\n`,
    ...SHARED.map(read(NGINX_SCRIPTS)),
    ...["pods", "followed", "choose", "counts"].map(read(OWN_SCRIPTS)),
    "export default { api, checkPods, countRequest, follow, leaving, ledger, live, logChanges, pod, podAgain, ready, status: podStatus, token };\n",
  ].join("\n");
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "    ");
}
