import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { endpoint } from "../../connections.ts";
import { type DrainPool, hasEveryCombination } from "../drainPools.ts";
import { poolMap } from "../poolMap.ts";
import type { NginxSettings } from "../renderConfiguration.ts";
import { scriptName } from "../servedConfiguration.ts";
import type { ConfigurationFile, FlavourLines } from "./flavourLines.ts";
import { stockLines } from "./stock.ts";

const SOURCES = ["checks.js", "status.js"].map((name) => join(import.meta.dirname, "..", "njs", name));
/** A check ends before the next one begins: the module would kill it otherwise. */
const BETWEEN_CHECKS_MILLISECONDS = 100;

/**
 * nginx's own JavaScript module asks every host and picks the upstream of each request. What it knows is in shared
 * memory, which a reload keeps as long as the zone's name and size stay.
 * https://nginx.org/en/docs/http/ngx_http_js_module.html
 */
export function njsLines(
  settings: NginxSettings,
  pools: readonly DrainPool[],
  fingerprint: string,
): FlavourLines {
  const { check, directory, hosts, njsModule } = settings;
  const script = scriptOf(settings);
  const period = Math.max(
    check.intervalMilliseconds,
    check.timeoutMilliseconds + BETWEEN_CHECKS_MILLISECONDS,
  );
  // Where some combination has no upstream, hosts that are down stay in: nginx's own failover covers those.
  const failover = !hasEveryCombination(hosts, pools);
  return {
    ...stockLines,
    main: njsModule ? `load_module "${njsModule}";\n` : "",
    http: `
    js_shared_dict_zone zone=rollgate:256k;
    js_import rollgate from "${join(directory, script.name)}";
    # The names of the hosts that are drained or that the checks keep out.
    js_set $unavailable rollgate.unavailable;
    # A combination without an upstream of its own goes by the drained hosts alone: a drain always holds.
${poolMap("$unavailable", "$pool", "$drained_pool", hosts, pools)}
    map $drained_pool $outage {
        default "no host is healthy";
        none    "no host takes traffic";
    }
`,
    failover: { all: failover, smaller: failover },
    pool: "$pool",
    outage: "$outage",
    server: `        location @checks {
            js_periodic rollgate.check interval=${period}ms;
            js_fetch_timeout ${check.timeoutMilliseconds}ms;
        }

`,
    status: `set $fingerprint "${fingerprint}";
            js_content rollgate.status;`,
    files: [script],
  };
}

/** The JavaScript as nginx loads it; its name says what it holds, so that a change of it is one of `nginx.conf`. */
function scriptOf({ hosts, check }: NginxSettings): ConfigurationFile {
  const table = hosts.map(({ name, address, port }) => {
    const place = endpoint(address, port);
    return { name, address: place, key: `${name} ${place}`, url: `http://${place}${check.path}` };
  });
  const { rise, fall, timeoutMilliseconds, expect } = check;
  const id = createHash("sha256").update(JSON.stringify(table)).digest("hex").slice(0, 16);
  const text = [
    `// Written by rollgate.\nconst settings = ${JSON.stringify({ id, hosts: table, rise, fall, timeoutMilliseconds, expect })};\n`,
    ...SOURCES.map((source) => readFileSync(source, "utf8")),
    "export default { check, unavailable, status };\n",
  ].join("\n");
  return { name: scriptName(text), text };
}
