import { randomUUID } from "node:crypto";
import type { Machine } from "./machine.ts";
import { readScripts } from "./scripts.ts";

const READ = readScripts(new URL("./scripts/", import.meta.url), "read-files");

/** Reads the files of a directory that are there, by name, with one script; `names` without blanks may have a `*` in them. */
export async function readFiles(
  machine: Pick<Machine, "run">,
  directory: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const mark = randomUUID();
  const printed = await machine.run(READ, [directory, mark, ...names]);
  return new Map(
    printed
      .split(`${mark} `)
      .slice(1)
      .map((part) => {
        const end = part.indexOf("\n");
        return [part.slice(0, end), part.slice(end + 1, -1)];
      }),
  );
}
