import { join } from "node:path";
import { InvalidInput } from "../common/errors.ts";
import { slotsOf } from "../host/slots.ts";
import { endpoint } from "../machine/connections.ts";
import type { Machine } from "../machine/machine.ts";
import { writeFile } from "../machine/writeFile.ts";
import { accessLogFile } from "./configuration/accessLog.ts";
import { nginxScript } from "./nginxScripts.ts";
import type { NginxSettings } from "./nginxSettings.ts";

const FOLDERS = 'for folder in "$@"; do [ -d "$folder" ] || echo "$folder"; done';
/** In nginx's folder: when its access log is replaced. */
const ROTATION = "rotation";
const LINKS = nginxScript("link-unknown");

/** Rejects folders of static files that are not there; changes nothing. */
export async function requireFolders(
  machine: Pick<Machine, "run">,
  { staticFiles = [] }: Pick<NginxSettings, "staticFiles">,
): Promise<void> {
  if (staticFiles.length === 0) return;
  const folders = staticFiles.map(({ folder }) => folder);
  const missing = (await machine.run(FOLDERS, folders)).split("\n")[0] ?? "";
  const index = folders.indexOf(missing);
  if (index < 0) return;
  throw new InvalidInput(
    `staticFiles[${index}].folder`,
    `expected a folder on nginx's machine, found none at ${missing}`,
  );
}

/**
 * Prepares what the access log needs besides its line in the configuration: links that name the release of each slot,
 * of which those that a roll has set stay, and when its file is replaced.
 */
export async function prepareLog(machine: Pick<Machine, "run">, settings: NginxSettings): Promise<void> {
  const { directory, hosts, accessLog } = settings;
  if (accessLog?.format === "json") {
    const places = hosts.flatMap(slotsOf).map(({ address, port }) => endpoint(address, port));
    await machine.run(LINKS, [directory, ...places]);
  }
  const rotation = rotationOf(settings);
  if (rotation === undefined) await machine.run('rm -f "$1/$2"', [directory, ROTATION]);
  else await writeFile(machine, directory, ROTATION, rotation);
}

/** The file that says when the access log is replaced, for a script; a pipe and somebody else's log are not. */
function rotationOf(settings: NginxSettings): string | undefined {
  const { directory, accessLog, isForeign, pidFile = "nginx.pid" } = settings;
  const log = accessLogFile(settings);
  if (!accessLog || isForeign || log.startsWith("/dev/")) return undefined;
  const { rotateMegabytes, keep } = accessLog;
  return [rotateMegabytes, keep, join(directory, pidFile), log].map((line) => `${line}\n`).join("");
}
