import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import * as scripts from "../host/hostScripts.ts";
import type { Machine } from "./machine.ts";

/** Writes a file in a folder of a machine; `umask` is for its folder and itself. A reader sees the old one or the new one. */
export async function writeFile(
  machine: Pick<Machine, "run">,
  directory: string,
  file: string,
  text: string,
  umask = "022",
): Promise<void> {
  const args = [directory, file, umask, randomUUID(), String(Buffer.byteLength(text))];
  await machine.run(scripts.write, args, { input: Readable.from([text]) });
}
