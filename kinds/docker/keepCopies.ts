import { InvalidInput } from "#rollout/common/errors.ts";
import { CommandFailed, type Machine } from "#rollout/machine/machine.ts";
import { quote } from "#rollout/machine/quote.ts";
import { writeFile } from "#rollout/machine/writeFile.ts";
import { nginxScript } from "#rollout/nginx/nginxScripts.ts";
import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import { NGINX_DIRECTORY } from "./dockerDescriptors.ts";
import { HOST_FILES, seenInContainer } from "./hostFiles.ts";

/** The folder of the copies in nginx's container. */
export const COPIES = `${NGINX_DIRECTORY}/certificate`;
/** The image's scripts run it at each start and each health check. */
const SCRIPT = "copy-certificate.sh";

/** Copies a certificate and its key now and from then on whenever they change, or removes what did so before. */
export async function keepCopies(
  machine: Pick<Machine, "run">,
  files: TlsFiles | undefined,
  account: string,
): Promise<void> {
  if (!files) {
    await machine.run('rm -rf "$1" "$2"', [`${NGINX_DIRECTORY}/${SCRIPT}`, COPIES]);
    return;
  }
  const { certificate, key } = seenInContainer(files);
  const words = [certificate, key, COPIES, account, "nginx"].map(quote).join(" ");
  const text = `${nginxScript("copy-certificate")}\ncopy_certificate ${words}\n`;
  await writeFile(machine, NGINX_DIRECTORY, SCRIPT, text);
  try {
    await machine.run('sh "$1"', [`${NGINX_DIRECTORY}/${SCRIPT}`]);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    const reason = error.message.replaceAll(HOST_FILES, "");
    throw new InvalidInput(reason.endsWith(files.key) ? "tls.key" : "tls.certificate", reason, {
      cause: error,
    });
  }
}
