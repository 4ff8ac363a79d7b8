import { endpoint } from "../../machine/connections.ts";
import type { PoolMember } from "../drainPools.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { errorLogOf } from "./errorLog.ts";

/** `/status` for people and monitoring, and locations for the rollout only. */
export function rolloutLocations(settings: NginxSettings, status: string, fingerprint: string): string {
  const { flavour, hosts } = settings;
  return `        location = /status {
            if ($status_stranger) { return 403; }
            ${status}
        }

        location ^~ /rollgate/ {
            return 404;
        }
        # Only for nginx's own errors, not for the host's answers.
        location @unreachable {
            default_type text/plain;
            return 502 "no answer to nginx\\n";
        }
        # For the rollout only. \`return\` would run before \`deny\`, hence the variable.
        location = /rollgate/configuration {
            if ($stranger) { return 403; }
            return 200 "${flavour} ${fingerprint}";
        }
        location = /rollgate/hosts {
            if ($stranger) { return 403; }
            return 200 "${hosts.map(({ name }) => name).join(" ")}";
        }
        location = /rollgate/drained {
            if ($stranger) { return 403; }
            return 200 "$drained_pool $drained";
        }
${hosts.map((host) => healthLocation(host, settings) + warmUpLocation(host, settings)).join("")}`;
}

function healthLocation(host: PoolMember, settings: NginxSettings): string {
  return `        location = /rollgate/health/${host.name} {
            if ($stranger) { return 403; }
            # For the rollout, a host that doesn't answer is a result, not an error.
            error_log ${errorLogOf(settings)} crit;
            proxy_pass http://${endpoint(host.address, host.healthPort ?? host.port)}${settings.healthPath};
            proxy_set_header Host $proxy_host;
            proxy_connect_timeout 2s;
            proxy_read_timeout 5s;
            error_page 502 504 @unreachable;
        }
`;
}

/** Every page of one host, drained or not. */
function warmUpLocation(host: PoolMember, settings: NginxSettings): string {
  return `        location ^~ /rollgate/warm-up/${host.name}/ {
            if ($stranger) { return 403; }
            error_log ${errorLogOf(settings)} crit;
            proxy_pass http://${endpoint(host.address, host.port)}/;
            proxy_set_header Host $proxy_host;
            error_page 502 504 @unreachable;
        }
`;
}
