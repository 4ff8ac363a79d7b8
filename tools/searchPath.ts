import { delimiter } from "node:path";

/** The directories of PATH, and /usr/sbin, where Debian keeps nginx but which is not on a user's PATH. */
export function searchPath(): string[] {
  const directories = (process.env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  return [...new Set([...directories, "/usr/sbin"])];
}
