import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/** Debian keeps nginx here, where a user's PATH often does not look. */
const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The absolute path of a command: a path is taken as it is, a name is looked up on PATH. */
export async function findExecutable(command: string): Promise<string | undefined> {
  const candidates = command.includes("/")
    ? [isAbsolute(command) ? command : resolve(command)]
    : [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_DIRECTORIES].map((directory) =>
        join(directory, command),
      );
  for (const candidate of candidates) {
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return undefined;
}
