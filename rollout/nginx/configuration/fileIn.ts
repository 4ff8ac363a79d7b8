import { join } from "node:path";

/** A file under nginx's prefix, as an argument of a directive. */
export function fileIn(directory: string, name: string): string {
  return `"${join(directory, name)}"`;
}
