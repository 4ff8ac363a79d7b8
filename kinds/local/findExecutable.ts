import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/** Debian keeps nginx here, which is often not on a user's PATH. */
export const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The absolute path of a command, given as a path or as a name to look up on PATH. */
export function findExecutable(command: string): string | undefined {
  if (command === "") return undefined;
  const candidates = command.includes("/")
    ? [resolve(command)]
    : [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_DIRECTORIES].map((directory) =>
        resolve(directory, command),
      );
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
