import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { searchPath } from "./searchPath.ts";

/** The first executable of that name in these directories, or on PATH. */
export function findExecutable(name: string, directories = searchPath()): string | undefined {
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
