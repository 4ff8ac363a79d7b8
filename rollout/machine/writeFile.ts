import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { Machine } from "./machine.ts";
import { readScripts } from "./scripts.ts";

const WRITE = readScripts(new URL("./scripts/", import.meta.url), "write-file");

/** Writes a file in a folder of a machine, both with `umask`. Readers see the old file or the new one. */
export async function writeFile(
  machine: Pick<Machine, "run">,
  directory: string,
  file: string,
  text: string,
  umask = "022",
): Promise<void> {
  const args = [directory, file, umask, randomUUID(), String(Buffer.byteLength(text))];
  await machine.run(WRITE, args, { input: Readable.from([text]) });
}
