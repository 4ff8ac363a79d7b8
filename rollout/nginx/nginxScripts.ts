import { readScripts } from "../machine/scripts.ts";

const FOLDER = new URL("./scripts/", import.meta.url);

/** Reads scripts of this folder as one; later ones may use functions of earlier ones. */
export function nginxScript(...names: readonly string[]): string {
  return readScripts(FOLDER, ...names);
}
