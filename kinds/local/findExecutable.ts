import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";

/** Debian keeps nginx here, where a user's PATH often does not look. */
export const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The absolute path of a command: a path is taken as it is, a name is looked up on PATH. */
export async function findExecutable(command: string): Promise<string | undefined> {
  const candidates = command.includes("/")
    ? [resolve(command)]
    : [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_DIRECTORIES].map((directory) =>
        resolve(directory, command),
      );
  if (command === "") return undefined;
  for (const candidate of candidates) {
    const isFile = await stat(candidate).then(
      (found) => found.isFile(),
      () => false,
    );
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isFile && executable) return candidate;
  }
  return undefined;
}
