import { InvalidInput } from "../../common/errors.ts";
import type { Machine } from "../../machine/machine.ts";
import { nginxScript } from "../nginxScripts.ts";
import { filesIn } from "./pairFiles.ts";
import type { TlsFiles } from "./tryCertificate.ts";

const CAN_READ = nginxScript("can-read");
/** Prints the copy of a certificate, if it is that of these two files. */
const COPY = `[ "$(cat "$1/source" 2>/dev/null)" = "$(printf '%s\\n%s' "$2" "$3")" ] && cat "$4" 2>/dev/null || :`;

/** The certificate in a file, which is public; `undefined` if this account can't read it. */
export async function readCertificate(
  machine: Pick<Machine, "run">,
  path: string,
): Promise<string | undefined> {
  return (await machine.run('cat "$1" 2>/dev/null || :', [path])) || undefined;
}

/** The certificate in a folder of copies; `undefined` if there is none of these files. */
export async function copiedCertificate(
  machine: Pick<Machine, "run">,
  folder: string,
  { certificate, key }: TlsFiles,
): Promise<string | undefined> {
  const copy = filesIn(folder).certificate;
  return (await machine.run(COPY, [folder, certificate, key, copy])) || undefined;
}

/** Throws `InvalidInput` if the account of nginx's workers can't read these files; root's master could. */
export async function requireReadable(
  machine: Pick<Machine, "run">,
  { certificate, key }: TlsFiles,
  account: string,
): Promise<void> {
  const file = (await machine.run(CAN_READ, [account, certificate, key])).trim();
  if (file === "") return;
  throw new InvalidInput(
    file === key ? "tls.key" : "tls.certificate",
    `expected a file that nginx's workers can read, who run as ${account}, got ${file}: give the key as a secret instead, or let them read it`,
  );
}
