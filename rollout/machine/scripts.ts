import { readFileSync } from "node:fs";

/** Scripts of a folder one after the other, as one: those that come later use what the earlier ones define. */
export function readScripts(folder: URL, ...names: readonly string[]): string {
  return names.map((name) => readFileSync(new URL(`${name}.sh`, folder), "utf8")).join("\n");
}
