import { InvalidInput } from "../../common/errors.ts";
import { CommandFailed, type Machine } from "../../machine/machine.ts";
import { writeFile } from "../../machine/writeFile.ts";
import { probe } from "../nginxAbilities.ts";
import { testNginx } from "../nginxRunner.ts";

/** The files of a certificate and its key, on nginx's machine. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * A configuration with fixed paths, which nginx reads when it tests it: the one that serves reads them later. `folder` is
 * where nginx can write, below its prefix.
 */
export function certificateProbe({ certificate, key }: TlsFiles, folder = ""): string {
  return probe(
    "",
    `server {
        listen 127.0.0.1:65535 ssl;
        ssl_certificate "${certificate}";
        ssl_certificate_key "${key}";
    }`,
    folder,
  );
}

/** Lets nginx load a certificate and its key; the key never leaves the machine. Throws `InvalidInput`. */
export async function tryCertificate(
  machine: Pick<Machine, "run">,
  executable: string,
  files: TlsFiles,
): Promise<void> {
  const directory = (await machine.run("mktemp -d", [])).trim();
  try {
    await writeFile(machine, directory, "probe.conf", certificateProbe(files));
    await testNginx(machine, executable, directory, "probe.conf");
  } catch (error) {
    throw error instanceof CommandFailed ? explainCertificate(error.message, files, error) : error;
  } finally {
    await machine.run('rm -rf "$1"', [directory]);
  }
}

/** What nginx's own words mean for the settings. */
export function explainCertificate(
  words: string,
  { certificate, key }: TlsFiles,
  cause?: unknown,
): InvalidInput {
  const ofKey = words.includes("certificate key") || words.includes("SSL_CTX_use_PrivateKey");
  const [property, path, what] = ofKey
    ? ["tls.key", key, "a private key"]
    : ["tls.certificate", certificate, "a certificate"];
  const reason = () => {
    if (/key values mismatch/.test(words))
      return `expected the key of ${certificate}, got another one: ${path}`;
    if (/no such file/i.test(words)) return `expected ${what} on nginx's machine, found no file ${path}`;
    if (/permission denied/i.test(words)) {
      return `expected a file that nginx's account can read, got ${path}`;
    }
    if (/password|passphrase/i.test(words))
      return `expected a key without a passphrase, got an encrypted one: ${path}`;
    if (/PEM_read_bio|no start line/.test(words))
      return `expected ${what} in PEM, got something else: ${path}`;
    return `expected ${what} that nginx can load, got ${path}: ${words}`;
  };
  return new InvalidInput(property ?? "tls", reason(), { cause });
}
