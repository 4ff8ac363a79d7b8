import { readFile } from "node:fs/promises";
import { join } from "node:path";

export const MODULES = ["image-module-nginx-1.18", "upstream-module-nginx-1.22"] as const;

/** The body of an answer of `/status?format=json`, recorded with its headers from a real module. */
export async function recordedStatus(module: (typeof MODULES)[number], moment: string): Promise<Buffer> {
  const file = join(import.meta.dirname, "..", "fixtures", "nginx-status", module, `${moment}.json.txt`);
  const recorded = await readFile(file);
  const blankLine = recorded.indexOf("\r\n\r\n");
  if (blankLine < 0) throw new Error(`${file} has no blank line after its headers`);
  return recorded.subarray(blankLine + 4);
}
