import { InvalidInput } from "../common/errors.ts";
import { slotsOf } from "../host/slots.ts";
import { endpoint } from "../machine/connections.ts";
import type { Machine } from "../machine/machine.ts";
import { nginxScript } from "./nginxScripts.ts";
import type { NginxSettings } from "./nginxSettings.ts";

const FOLDERS = 'for folder in "$@"; do [ -d "$folder" ] || echo "$folder"; done';
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

/** Makes the links that name the release of each slot in the access log; those of slots that have one stay. */
export async function prepareLinks(
  machine: Pick<Machine, "run">,
  { directory, hosts, accessLog }: Pick<NginxSettings, "directory" | "hosts" | "accessLog">,
): Promise<void> {
  if (accessLog?.format !== "json") return;
  const places = hosts.flatMap(slotsOf).map(({ address, port }) => endpoint(address, port));
  await machine.run(LINKS, [directory, ...places]);
}
