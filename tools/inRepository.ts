import { dirname, join } from "node:path";

/** The absolute path of a file in this repository. */
export function inRepository(...parts: string[]): string {
  return join(dirname(import.meta.dirname), ...parts);
}
