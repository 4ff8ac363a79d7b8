import { escapePattern } from "../common/escapePattern.ts";
import type { Machine } from "../machine/machine.ts";
import { type ForeignPlace, siteInclude } from "./foreignPlace.ts";
import { nginxScript } from "./nginxScripts.ts";

const INCLUDED_BY = nginxScript("system-path", "find-master", "shared-nginx", "included-by");
const BROKEN = "broken before: ";
const TOGETHER = "with ours in place: ";

/** What is wrong with the owner's server block, which must include our part of it; `undefined` if nothing is. */
export async function lacksLine(
  machine: Pick<Machine, "run">,
  place: ForeignPlace,
): Promise<string | undefined> {
  if (place.siteFolder !== undefined) return undefined;
  const line = siteInclude(place.directory);
  const pattern = `^[^#]*include[[:space:]]+["']?${escapePattern(line)}["']?[[:space:]]*;`;
  const folder = await folderWithout(machine, place, pattern);
  if (folder === undefined) return undefined;
  return `expected a server block in ${folder} with the line "include ${line};", found none`;
}

/** Whether the owner's configuration loads nginx's JavaScript module. */
export async function loadsJavaScript(machine: Pick<Machine, "run">, place: ForeignPlace): Promise<boolean> {
  const pattern = "^[[:space:]]*load_module[[:space:]].*ngx_http_js_module";
  return (await folderWithout(machine, place, pattern)) === undefined;
}

/** The error for a change that nginx rejects; it says whose line that was, unless it can be explained otherwise. */
export function refused(words: string, otherwise?: string): [string, string] {
  return ["nginx-refused", `${otherwise ?? explained(words)}. Nothing was changed`];
}

/** Whose line nginx rejected: ours, or its owner's, with ours in place or even without. */
function explained(message: string): string {
  if (message.startsWith(BROKEN))
    return `nginx's configuration was broken before: ${message.slice(BROKEN.length)}`;
  if (message.startsWith(TOGETHER))
    return `nginx rejected a line that is not ours, with ours in place: ${message.slice(TOGETHER.length)}`;
  return `nginx rejected its configuration: ${message}`;
}

/** The folder of nginx's configuration, if none of its lines matches. */
async function folderWithout(
  machine: Pick<Machine, "run">,
  { master, executable }: ForeignPlace,
  pattern: string,
): Promise<string | undefined> {
  return (await machine.run(INCLUDED_BY, [master, executable, pattern])).trim() || undefined;
}
