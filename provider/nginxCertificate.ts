import type { OpenNginx } from "#kinds/nginxKind.ts";
import type { Decision, NginxPart, ServingInputs } from "#kinds/servingInputs.ts";
import { InvalidInput } from "#rollout/common/errors.ts";
import { examineCertificate } from "#rollout/nginx/tls/certificate.ts";
import { installedHash, installPair, removePair } from "#rollout/nginx/tls/pairFiles.ts";
import { pairHash, requirePair } from "#rollout/nginx/tls/pemPair.ts";
import { copiedCertificate, readCertificate, requireReadable } from "#rollout/nginx/tls/readCertificate.ts";
import { tryCertificate } from "#rollout/nginx/tls/tryCertificate.ts";
import { isPem, type TlsInputs } from "#rollout/request/frontDoor/tls.ts";

type Serving = Pick<ServingInputs, "tls" | "serverNames">;

/**
 * Rejects a certificate that clients would reject or nginx could not load, and warns of one that is about to expire.
 * Returns what tells a certificate that is given as text from another one; the key itself stays out of it.
 */
export async function requireCertificate(
  nginx: OpenNginx,
  { tls, serverNames }: Serving,
  { tlsDecision }: Decision,
): Promise<{ readonly certificateHash?: string }> {
  if (!tls || !tlsDecision) return {};
  if (isPem(tls.key)) return { certificateHash: requireText(tls, serverNames) };
  const { machine } = nginx.server;
  const { certificateCopies, user, hostFiles = "" }: NginxPart = await nginx.settings();
  if (certificateCopies !== undefined) {
    // Whoever makes the copies looked at the certificate already, if there is none yet.
    const copy = await copiedCertificate(machine, certificateCopies, {
      certificate: `${hostFiles}${tls.certificate}`,
      key: `${hostFiles}${tls.key}`,
    });
    if (copy !== undefined) judge(copy, serverNames, tls.certificate);
    // The configuration only names the copies: this is how other files are noticed.
    return nginx.keepCopies ? { certificateHash: pairHash(tls) } : {};
  }
  // Under another account than this one, nginx tries it itself, before it is told to serve it.
  if (nginx.command !== undefined) {
    await tryCertificate(machine, nginx.command, tls);
    if (user === undefined) await requireReadable(machine, tls, tlsDecision.account);
  }
  const certificate = await readCertificate(machine, tls.certificate);
  if (certificate !== undefined) judge(certificate, serverNames, tls.certificate);
  return {};
}

/** Does so for one that is given as text, which needs no nginx; one in files is looked at before there is any. */
export function requireCertificateText({ tls, serverNames }: Serving): void {
  if (tls && isPem(tls.key)) requireText(tls, serverNames);
}

/** Puts the certificate where nginx's account can read it, and lets nginx try it; changes nothing that it serves. */
export async function bringCertificate(
  nginx: OpenNginx,
  { tls }: Serving,
  { tlsDecision }: Decision,
): Promise<boolean> {
  const { machine } = nginx.server;
  const { directory, user, certificateCopies } = await nginx.settings();
  const isText = tls !== undefined && isPem(tls.key);
  await nginx.keepCopies?.(tls && !isText ? tls : undefined, tlsDecision?.account ?? "");
  if (!tls || !tlsDecision) return false;
  if (!isText) {
    if (certificateCopies === undefined) await nginx.server.tryCertificate?.(tls);
    return false;
  }
  const isRoot = (await machine.run("id -u", [])).trim() === "0";
  const account = isRoot && user === undefined ? tlsDecision.account : "";
  return (await installPair(machine, directory, tls, account)) === "installed";
}

/** What tells the certificate that is there from another one, if it was given as text. */
export async function certificateFound(
  nginx: OpenNginx,
  { certificateHash, tls }: { readonly certificateHash?: unknown; readonly tls?: unknown },
): Promise<{ readonly certificateHash?: string }> {
  if (certificateHash === undefined || !isPem(String(Object(tls).key))) return {};
  const { directory } = await nginx.settings();
  return { certificateHash: await installedHash(nginx.server.machine, directory) };
}

/** Removes what an earlier certificate left, once nginx doesn't need it any more. */
export async function tidyCertificate(nginx: OpenNginx, { tls }: Serving): Promise<void> {
  if (tls && isPem(tls.key)) return;
  await removePair(nginx.server.machine, (await nginx.settings()).directory);
}

function requireText(tls: TlsInputs, serverNames: readonly string[]): string {
  judge(tls.certificate, serverNames);
  requirePair(tls);
  return pairHash(tls);
}

function judge(certificate: string, serverNames: readonly string[], path?: string): void {
  const { problem, warning } = examineCertificate(certificate, serverNames);
  const where = path === undefined ? "" : `: ${path}`;
  if (problem !== undefined) throw new InvalidInput("tls.certificate", `${problem}${where}`);
  if (warning !== undefined) console.log(`warning: tls.certificate: ${warning}${where}`);
}
