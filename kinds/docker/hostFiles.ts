import { dirname } from "node:path";
import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import { isPem, type TlsInputs } from "#rollout/request/frontDoor/tls.ts";

/** Where nginx's container sees folders of the engine's host. */
export const HOST_FILES = "/opt/rollgate/host";
/** certbot's links lead from one of its folders to another one. */
const CERTBOT = "/etc/letsencrypt";

/** The certificate and its key on the engine's host, if they are given as paths. */
export function filesOnHost(tls: TlsInputs | undefined): TlsFiles | undefined {
  return tls && !isPem(tls.key) ? { certificate: tls.certificate, key: tls.key } : undefined;
}

/** Where the container sees files of the host. */
export function seenInContainer({ certificate, key }: TlsFiles): TlsFiles {
  return { certificate: `${HOST_FILES}${certificate}`, key: `${HOST_FILES}${key}` };
}

/**
 * The folders of the host that nginx's container needs. Whole folders, because a file that is replaced would stay the old
 * one in the container.
 */
export function foldersOnHost(tls: TlsInputs | undefined): string[] {
  const { certificate, key } = filesOnHost(tls) ?? {};
  const folders = [certificate, key].flatMap((path) => path ?? []).map(folderOf);
  return [...new Set([...folders, ...(tls?.acmeWebroot === undefined ? [] : [tls.acmeWebroot])])];
}

function folderOf(path: string): string {
  return path.startsWith(`${CERTBOT}/`) ? CERTBOT : dirname(path);
}
