import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import { InvalidInput } from "#rollout/common/errors.ts";
import { nginxScript } from "#rollout/nginx/nginxScripts.ts";
import { examineCertificate } from "#rollout/nginx/tls/certificate.ts";
import type { TlsInputs } from "#rollout/request/frontDoor/tls.ts";
import { describeDockerError } from "./containerMachine.ts";
import { filesOnHost, foldersOnHost, HOST_FILES, seenInContainer } from "./hostFiles.ts";
import { readLog } from "./readLog.ts";
import { removeContainer } from "./removeContainer.ts";
import { hasImage } from "./requireImages.ts";

/** More than a chain of certificates has. */
const LINES = 1_000;
const LOOK = `${nginxScript("copy-certificate")}
work=$(mktemp -d)
if reason=$(take_certificate "$1" "$2" "$work" nginx 2>&1); then cat "$1"; else printf '%s\\n' "$reason"; exit 1; fi`;

/**
 * Rejects a certificate on the engine's host that nginx could not load or clients would reject, and returns what will be
 * wrong with it soon. Only a container sees files of that host: this one has no network and is removed again. An engine
 * without nginx's image can't say yet.
 */
export async function lookAtCertificate(
  docker: Docker,
  image: string,
  { tls, serverNames }: { readonly tls?: TlsInputs; readonly serverNames: readonly string[] },
): Promise<string | undefined> {
  const files = filesOnHost(tls);
  if (!files || !(await hasImage(docker, image))) return undefined;
  const refuse = (reason: string) =>
    new InvalidInput(reason.endsWith(files.key) ? "tls.key" : "tls.certificate", reason);
  const { certificate, key } = seenInContainer(files);
  const name = `rollgate-certificate-${randomUUID().slice(0, 8)}`;
  try {
    const container = await docker.createContainer({
      name,
      Image: image,
      Entrypoint: ["sh", "-c", LOOK, "sh"],
      Cmd: [certificate, key],
      User: "0",
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        NetworkMode: "none",
        Mounts: foldersOnHost(tls).map((folder) => ({
          Type: "bind",
          Source: folder,
          Target: `${HOST_FILES}${folder}`,
          ReadOnly: true,
        })),
      },
    });
    await container.start();
    const { StatusCode } = await container.wait();
    const lines = (await readLog(container, LINES)).map((line) => line.replaceAll(HOST_FILES, ""));
    if (StatusCode !== 0) throw refuse(lines.at(-1) ?? `expected a certificate, got ${files.certificate}`);
    const { problem, warning } = examineCertificate(lines.join("\n"), serverNames);
    if (problem !== undefined) throw refuse(`${problem}: ${files.certificate}`);
    return warning && `${warning}: ${files.certificate}`;
  } catch (error) {
    const [, missing] = /bind source path does not exist: (\S+)/.exec(describeDockerError(error)) ?? [];
    if (missing === undefined) throw error;
    const setting = missing === tls?.acmeWebroot ? "tls.acmeWebroot" : undefined;
    throw setting === undefined
      ? refuse(`expected files on the engine's host, found no folder ${missing}`)
      : new InvalidInput(setting, `expected a folder on the engine's host, found no ${missing}`);
  } finally {
    await removeContainer(docker, name);
  }
}
