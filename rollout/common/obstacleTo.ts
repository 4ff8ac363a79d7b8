import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { isSystemError, messageOf } from "./errors.ts";

/**
 * Why a folder can't be created or written to, as far as that is known without trying; errors with a code in `passing`
 * don't count.
 */
export async function obstacleTo(directory: string, ...passing: string[]): Promise<string | undefined> {
  const found = await stat(directory).catch((error: unknown) => {
    // Below a file there is no folder either; the file itself is what the message has to name.
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    return messageOf(error);
  });
  if (found === undefined) return obstacleTo(dirname(directory), ...passing);
  if (typeof found === "string") return `expected a folder that this user can write to, got ${found}`;
  if (!found.isDirectory()) return `expected a folder, got a file: ${directory}`;
  return access(directory, constants.W_OK).then(
    () => undefined,
    (error: unknown) =>
      isSystemError(error, ...passing)
        ? undefined
        : `expected a folder that this user can write to, got ${directory}`,
  );
}
