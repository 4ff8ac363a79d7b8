import { readScripts } from "../machine/scripts.ts";

const FOLDER = new URL("./scripts/", import.meta.url);

/** Scripts that concern nginx, as one: those that come later use what the earlier ones define. */
export function nginxScript(...names: readonly string[]): string {
  return readScripts(FOLDER, ...names);
}
