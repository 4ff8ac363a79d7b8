import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError, RollgateError } from "../common/errors.ts";
import type { Jar } from "../release/jar.ts";
import { archiveName } from "../release/release.ts";
import { CommandFailed, type Machine, MachineUnreachable } from "./machine.ts";
import { readScripts } from "./scripts.ts";

const UPLOAD_SECONDS = 1800;
const BETWEEN_ATTEMPTS_MILLISECONDS = 500;

const SCRIPTS = new URL("./scripts/", import.meta.url);
const HELD = readScripts(SCRIPTS, "free-space", "upload-held");
const APPEND = readScripts(SCRIPTS, "upload-append");
const COPY = readScripts(SCRIPTS, "free-space", "upload-copy");
const INSTALL = readScripts(SCRIPTS, "sha256-of", "install-release");

/**
 * Copies a jar to a machine. If the connection breaks, the upload resumes where it stopped. The hash is verified on the
 * machine; on a mismatch the jar is sent once more from the beginning.
 */
export async function upload(
  machine: Pick<Machine, "run" | "sharesFiles">,
  directory: string,
  id: string,
  jar: Jar,
  signal: AbortSignal,
): Promise<void> {
  const { size } = await stat(jar.path).catch((error: unknown) => {
    if (!isSystemError(error, "ENOENT")) throw error;
    throw new RollgateError("jar-gone", `expected ${jar.path}, found no file`);
  });
  const folder = `${directory}/releases`;
  // Local copies are never resumed, and the copy of a killed deployer may still be running.
  const part = `${folder}/.${id}${machine.sharesFiles ? `.${randomUUID()}` : ""}.part`;
  const began = performance.now();
  let damaged = "";
  for (;;) {
    try {
      await bring(machine, folder, part, jar.path, size, signal);
      const args = [folder, part, id, jar.sha256, archiveName(id)];
      const sha256 = (await machine.run(INSTALL, args, { deadlineSeconds: 120, signal })).trim();
      if (sha256 === jar.sha256) return;
      if (damaged !== "") {
        throw new RollgateError(
          "staged-corrupted",
          `expected SHA-256 ${jar.sha256} on the host, got ${sha256} twice`,
        );
      }
      damaged = sha256;
    } catch (error) {
      signal.throwIfAborted();
      const isOver = performance.now() - began > UPLOAD_SECONDS * 1000;
      if (!(error instanceof MachineUnreachable) || isOver)
        throw told(machine.sharesFiles ? `${id} in ${directory}` : id, error);
      await sleep(BETWEEN_ATTEMPTS_MILLISECONDS, undefined, { signal });
    }
  }
}

async function bring(
  machine: Pick<Machine, "run" | "sharesFiles">,
  folder: string,
  part: string,
  path: string,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  if (machine.sharesFiles) {
    await machine.run(COPY, [folder, part, path, String(size)], { deadlineSeconds: UPLOAD_SECONDS, signal });
    return;
  }
  const held = Number(await machine.run(HELD, [folder, part, String(size)], { signal }));
  if (held >= size) return;
  const input = createReadStream(path, { start: held });
  await machine.run(APPEND, [part], { input, deadlineSeconds: UPLOAD_SECONDS, signal });
}

function told(id: string, error: unknown): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const [, room = ""] = /^no space left(: .*)/.exec(error.message) ?? [];
  return /no space left|quota exceeded/i.test(error.message)
    ? new RollgateError("disk-full", `no space left for ${id}${room}`, { cause: error })
    : new RollgateError("staging-failed", `could not stage ${id}: ${error.message}`, { cause: error });
}
