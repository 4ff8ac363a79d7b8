import { join } from "node:path";
import type { ConfigurationFile } from "./flavours/flavourLines.ts";

/** nginx's message about the user's own directives, with the user's file in it; `undefined` if it is about others. */
export function inUsersWords(
  message: string,
  files: readonly ConfigurationFile[],
  directory: string,
): string | undefined {
  for (const { name, source } of files) {
    const path = join(directory, name);
    if (source === undefined || !message.includes(path)) continue;
    return `directives: nginx rejected ${source}: ${message.replaceAll(path, source)}`;
  }
  return undefined;
}
