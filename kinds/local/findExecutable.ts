import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/** Debian keeps nginx here, where a user's PATH often does not look. */
export const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The absolute path of a command: a path is taken as it is, a name is looked up on PATH. */
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
