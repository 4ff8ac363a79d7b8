import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/** Directories that are often not on a user's PATH; Debian keeps nginx in one of them. */
const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The directories of PATH, then the system directories. */
export function searchPath(): string[] {
  return [...new Set([...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...SYSTEM_DIRECTORIES])];
}

/** The absolute path of a command, given as a path or as a name to look up in the directories. */
export function findExecutable(command: string, directories = searchPath()): string | undefined {
  if (command === "") return undefined;
  const candidates = command.includes("/")
    ? [resolve(command)]
    : directories.map((directory) => resolve(directory, command));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
