import type { HostPlace } from "../../host/hostPlace.ts";
import { slotsOf } from "../../host/slots.ts";
import { endpoint } from "../../machine/connections.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { errorLogOf } from "./errorLog.ts";

/** `/status` for people and monitoring, and locations for the rollout only. */
export function rolloutLocations(settings: NginxSettings, status: string, fingerprint: string): string {
  const { flavour, hosts } = settings;
  const slots = hosts.flatMap(slotsOf);
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
            return 200 "${slots.map(({ name }) => name).join(" ")}";
        }
        location = /rollgate/drained {
            if ($stranger) { return 403; }
            return 200 "$drained_pool $drained";
        }
${slots.map((slot) => healthLocation(slot, settings) + warmUpLocation(slot, settings)).join("")}`;
}

function healthLocation(slot: HostPlace, settings: NginxSettings): string {
  return `        location = /rollgate/health/${slot.name} {
            if ($stranger) { return 403; }
            # For the rollout, a host that doesn't answer is a result, not an error.
            error_log ${errorLogOf(settings)} crit;
            proxy_pass http://${endpoint(slot.address, slot.healthPort ?? slot.port)}${settings.healthPath};
            proxy_set_header Host $proxy_host;
            proxy_connect_timeout 2s;
            proxy_read_timeout 5s;
            error_page 502 504 @unreachable;
        }
`;
}

/** Every page of one host, drained or not. */
function warmUpLocation(slot: HostPlace, settings: NginxSettings): string {
  return `        location ^~ /rollgate/warm-up/${slot.name}/ {
            if ($stranger) { return 403; }
            error_log ${errorLogOf(settings)} crit;
            proxy_pass http://${endpoint(slot.address, slot.port)}/;
            proxy_set_header Host $proxy_host;
            error_page 502 504 @unreachable;
        }
`;
}
