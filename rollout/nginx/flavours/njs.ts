import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { slotsOf } from "../../host/slots.ts";
import { endpoint } from "../../machine/connections.ts";
import { errorLogOf } from "../configuration/errorLog.ts";
import { fileAtHand, fileIn } from "../configuration/fileIn.ts";
import { WHOLE_SLOTS } from "../configuration/inPieces.ts";
import { ROLL_FILE } from "../machineStatusFile.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import { type RestState, restStates } from "../restStates.ts";
import { hashedName } from "../servedConfiguration.ts";
import { type DrainUpstreams, everySlotKey, upstreamMap } from "../upstreamMap.ts";
import type { ConfigurationFile, FlavourLines } from "./flavourLines.ts";
import { stockLines } from "./stock.ts";

const NAMES = ["checks", "shortcut", "status", "roll", "slots", "metrics", "page", "style"];
const SOURCES = NAMES.map((name) => join(import.meta.dirname, "..", "njs", `${name}.js`));
/** nginx makes this folder for its workers' account, because it takes it for one of temporary files. */
const UP_FOLDER = "temp/up";
/** A check must end before the next one starts, or the module aborts it. */
const BETWEEN_CHECKS_MILLISECONDS = 100;
const LOG_MILLISECONDS = 1000;

/**
 * nginx's own JavaScript module checks every slot and picks the upstream of each request. Its state is in shared
 * memory, which survives a reload as long as the zone's name and size stay the same.
 * https://nginx.org/en/docs/http/ngx_http_js_module.html
 */
export function njsLines(
  settings: NginxSettings,
  upstreams: DrainUpstreams,
  fingerprint: string,
): FlavourLines {
  const { check, hosts, njsModule, name, isForeign, directory } = settings;
  const own = ownNames(name);
  const script = scriptOf(settings);
  const period = Math.max(
    check.intervalMilliseconds,
    check.timeoutMilliseconds + BETWEEN_CHECKS_MILLISECONDS,
  );
  return {
    ...stockLines(settings),
    main: njsModule ? `load_module "${njsModule}";\n` : "",
    http: `
js_shared_dict_zone zone=${name}:${zoneSize(hosts)};
# Relative if possible, because this directive rejects some characters that an absolute path may contain.
js_import ${name} from ${isForeign ? fileIn(directory, script.name) : script.name};
# The slots that are drained or that the checks have taken out.
js_set $${own("unavailable")} ${name}.unavailable;
${upstreamMap("unavailable", "pool", upstreams, own)}
map $${own("drained")} $${own("outage")} {
    default "no host is healthy";
    "${everySlotKey(hosts)}" "no host takes traffic";
}
`,
    // An upstream with old applications in reserve gets to them before the checks have noticed.
    watch: ({ backups }) => ({ failover: backups.length > 0, checks: "" }),
    out: "unavailable",
    pool: "pool",
    outage: `$${own("outage")}`,
    server: `    scgi_temp_path ${fileIn(settings.directory, UP_FOLDER)};
    # The module logs an error for each refused connection; people read the lines of the next location.
    location @checks {
        error_log ${errorLogOf(settings)} crit;
        js_periodic ${name}.check interval=${period}ms;
        js_fetch_timeout ${check.timeoutMilliseconds}ms;
    }
    location @changes {
        js_periodic ${name}.logChanges interval=${LOG_MILLISECONDS}ms;
    }
`,
    status: `set $${own("fingerprint")} "${fingerprint}";
        js_content ${name}.status;`,
    files: [script],
    allUp: (state) => fileAtHand(settings, upFile(state)),
  };
}

/** The state of a slot takes some 300 bytes; nginx keeps it through a reload only if the size stays the same. */
function zoneSize(hosts: NginxSettings["hosts"]): string {
  return hosts.flatMap(slotsOf).length <= WHOLE_SLOTS ? "256k" : "4m";
}

/** Named after the slots and their addresses, so that workers of two configurations never mean the same file. */
function upFile({ serving }: RestState): string {
  const places = serving.map(({ name, address, port }) => `${name} ${endpoint(address, port)}`);
  return join(UP_FOLDER, hashOf(places));
}

/** The JavaScript as nginx loads it, named after its hash, so that changing it also changes `nginx.conf`. */
function scriptOf(settings: NginxSettings): ConfigurationFile {
  const { name, hosts, check, directory } = settings;
  const table = hosts.flatMap((host) =>
    slotsOf(host).map(({ name: slot, address, port, healthPort = port }) => {
      const place = endpoint(address, port);
      const url = `http://${endpoint(address, healthPort)}${check.path}`;
      return { name: slot, host: host.name, address: place, key: `${slot} ${place}`, url };
    }),
  );
  const { rise, fall, timeoutMilliseconds, expect } = check;
  const id = hashOf(table);
  const shortcuts = restStates(hosts).map((state) => ({
    file: join(directory, upFile(state)),
    slots: state.serving.map((slot) => slot.name),
  }));
  const rollFile = join(directory, ROLL_FILE);
  const text = [
    "// Written by rollgate.",
    'import fs from "fs";',
    `const ID = "${id}";`,
    `const STACK = "${name}";`,
    `const settings = () => (${JSON.stringify({ hosts: table, rise, fall, timeoutMilliseconds, expect, shortcuts, rollFile })});\n`,
    ...SOURCES.map((source) => readFileSync(source, "utf8")),
    "export default { check, logChanges, unavailable, status };\n",
  ].join("\n");
  return { name: hashedName(text, "js"), text };
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
