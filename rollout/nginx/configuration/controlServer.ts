import { join } from "node:path";
import type { HostPlace } from "../../host/hostPlace.ts";
import { slotsOf } from "../../host/slots.ts";
import { endpoint } from "../../machine/connections.ts";
import type { FlavourLines } from "../flavours/flavourLines.ts";
import { ROLL_FILE } from "../machineStatusFile.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import type { DrainUpstreams } from "../upstreamMap.ts";
import { drainLines } from "./drainLines.ts";
import { errorLogOf } from "./errorLog.ts";
import { fileIn } from "./fileIn.ts";
import { collected, inPieces, WHOLE_SLOTS } from "./inPieces.ts";
import { isolation } from "./isolation.ts";
import { ledgerLocation } from "./ledgerLog.ts";
import { unsummedReturn } from "./restShortcut.ts";

/** Where the rollout reaches nginx on its machine. */
export const CONTROL_ADDRESS = "127.0.0.1";

/** The server that only the rollout talks to: it listens on loopback, on a port that no client is given. */
export function controlServer(
  settings: NginxSettings,
  parts: DrainUpstreams,
  lines: FlavourLines,
  fingerprint: string,
): string {
  const { flavour, hosts, directory, controlPort, name } = settings;
  const own = ownNames(name);
  const slots = hosts.flatMap(slotsOf);
  const flagOf = (slot: string) => fileIn(directory, join("drained", slot));
  const names = collected(slots, own("names"), (slot, variable) => {
    return `    if (-f ${flagOf(slot.name)}) { set $${variable} "\${${variable}}${slot.name} "; }\n`;
  });
  return `# For the rollout only.
server {
    listen ${endpoint(CONTROL_ADDRESS, controlPort)};
    access_log off;
${isolation(settings)}${drainLines(hosts, flagOf, own)}${names}${lines.server}
    location / {
        return 404;
    }
    location = /status {
        ${lines.status}
    }
${rollLocation(settings, own("names"))}    # Only for nginx's own errors, not for the host's answers.
    location @unreachable {
        default_type text/plain;
        return 502 "no answer to nginx\\n";
    }
    location = /rollgate/configuration {
        return 200 "${flavour} ${fingerprint}";
    }
    location = /rollgate/hosts {
${hostNames(
  slots.map((slot) => slot.name),
  own("hosts"),
)}    }
    location = /rollgate/drained {
${unsummedReturn(settings, parts, `$${own("names")}`)}        return 200 "$${own("drained_pool")} $${own("names")}";
    }
${ledgerLocation(settings)}${slots.map((slot) => healthLocation(slot, settings) + warmUpLocation(slot, settings)).join("")}}
`;
}

/** nginx limits the length of a word of its configuration. */
function hostNames(names: readonly string[], variable: string): string {
  const pieces = inPieces(names, WHOLE_SLOTS).map((piece) => piece.join(" "));
  if (pieces.length <= 1) return `        return 200 "${pieces.join("")}";\n`;
  const sets = pieces.map((piece, index) => `        set $${variable}_${index + 1} "${piece}";\n`);
  return `${sets.join("")}        return 200 "${pieces.map((_, index) => `$${variable}_${index + 1}`).join(" ")}";\n`;
}

/** What the last roll has left, and which slots are drained. */
function rollLocation({ directory }: NginxSettings, names: string): string {
  return `    location = /status/roll {
        types {}
        default_type application/json;
        add_header Cache-Control no-store always;
        add_header X-Drained "$${names}" always;
        log_not_found off;
        alias ${fileIn(directory, ROLL_FILE)};
    }
`;
}

/** For the rollout, a host that doesn't answer is a result, not an error. */
function healthLocation(slot: HostPlace, settings: NginxSettings): string {
  return `    location = /rollgate/health/${slot.name} {
        error_log ${errorLogOf(settings)} crit;
        proxy_pass http://${endpoint(slot.address, slot.healthPort ?? slot.port)}${settings.healthPath};
        proxy_http_version 1.1;
        proxy_set_header Connection close;
        proxy_connect_timeout 2s;
        proxy_read_timeout 5s;
        error_page 502 504 @unreachable;
    }
`;
}

/** Every page of one host, drained or not. */
function warmUpLocation(slot: HostPlace, settings: NginxSettings): string {
  return `    location ^~ /rollgate/warm-up/${slot.name}/ {
        error_log ${errorLogOf(settings)} crit;
        proxy_pass http://${endpoint(slot.address, slot.port)}/;
        proxy_http_version 1.1;
        proxy_set_header Connection close;
        proxy_connect_timeout 2s;
        proxy_read_timeout ${Math.max(60, settings.slowestRequestSeconds)}s;
        error_page 502 504 @unreachable;
    }
`;
}
