import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { Machine } from "../../machine/machine.ts";
import { nginxScript } from "../nginxScripts.ts";
import { type PemPair, pairHash } from "./pemPair.ts";
import type { TlsFiles } from "./tryCertificate.ts";

const INSTALL = `cd "$5" || exit 1\n${nginxScript("install-pair")}`;
/** As `pairHash` does, of what is there; prints nothing if there is none. */
const HASH = `cd "$1/tls/current" 2>/dev/null && cat certificate.pem key.pem 2>/dev/null | sha256sum || :`;

/** The files in a folder with a certificate and its key. */
export function filesIn(folder: string): TlsFiles {
  return { certificate: `${folder}/certificate.pem`, key: `${folder}/key.pem` };
}

/** Where a certificate and a key given as text are, in nginx's folder. */
export function pairFolder(directory: string): string {
  return `${directory}/tls/current`;
}

/**
 * Writes a certificate and its key into nginx's folder, where only nginx and this account can read them. `account` is
 * that of nginx's workers if it isn't this one. Does nothing if they are there.
 */
export async function installPair(
  machine: Pick<Machine, "run">,
  directory: string,
  pair: PemPair,
  account: string,
): Promise<"installed" | "unchanged"> {
  const hash = pairHash(pair);
  if ((await installedHash(machine, directory)) === hash) return "unchanged";
  const [certificate, key] = [`${pair.certificate.trim()}\n`, `${pair.key.trim()}\n`];
  const sizes = [certificate, `${certificate}${key}`].map((text) => String(Buffer.byteLength(text)));
  await machine.run(INSTALL, [...sizes, randomUUID(), account, directory], {
    input: Readable.from([certificate, key]),
  });
  return "installed";
}

/** The hash of the pair in nginx's folder, which never leaves its machine; empty if there is none. */
export async function installedHash(machine: Pick<Machine, "run">, directory: string): Promise<string> {
  return (await machine.run(HASH, [directory])).slice(0, 16);
}

/** Removes a pair that is not used any more. */
export async function removePair(machine: Pick<Machine, "run">, directory: string): Promise<void> {
  await machine.run('rm -rf "$1/tls"', [directory]);
}
