import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { Machine } from "./machine.ts";
import type { Turn } from "./runInTurn.ts";
import { readScripts } from "./scripts.ts";

const SCRIPTS = new URL("./scripts/", import.meta.url);
const WRITE = readScripts(SCRIPTS, "write-file");
const WRITE_SHORT = readScripts(SCRIPTS, "write-files");

/** A file for a folder of a machine. */
export interface WrittenFile {
  /** Relative to that folder. */
  readonly file: string;
  readonly text: string;
  /** For the file, and for its own folder if there is none. */
  readonly umask: string;
}

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

/** Writes several short files in one trip; none of them unless all have arrived. */
export async function writeShortFiles(
  machine: Pick<Machine, "run">,
  directory: string,
  files: readonly WrittenFile[],
): Promise<void> {
  const { script, args, input } = turnToWrite(directory, files);
  await machine.run(script, args, { input: Readable.from([input]) });
}

/** The same as one of several scripts. */
export function turnToWrite(directory: string, files: readonly WrittenFile[]): Required<Turn> {
  const suffix = randomUUID();
  const sizes = files.flatMap(({ file, text, umask }) => [file, umask, String(Buffer.byteLength(text))]);
  const input = `${files.map(({ text }) => text).join("")}${suffix}\n`;
  return { script: WRITE_SHORT, args: [directory, suffix, ...sizes], input };
}
