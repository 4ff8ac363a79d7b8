import { readFileSync } from "node:fs";

/** Concatenates scripts of a folder: later ones may use what earlier ones define. */
export function readScripts(folder: URL, ...names: readonly string[]): string {
  return names.map((name) => readFileSync(new URL(`${name}.sh`, folder), "utf8")).join("\n");
}
