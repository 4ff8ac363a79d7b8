import { dirname } from "node:path";
import { nginxScript } from "#rollout/nginx/nginxScripts.ts";
import { filesIn } from "#rollout/nginx/tls/pairFiles.ts";
import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import type { SshProxyDescriptor } from "./sshDescriptors.ts";
import { systemdQuote } from "./systemdQuote.ts";

/** The folder for copies of certificates, in which only root can write. */
const COPIES = "/var/lib/rollgate";
const COPY = `${nginxScript("copy-certificate")}\ncopy_certificate "$@"`;

/** Where root copies the certificate of an nginx and its key, because its account can't read the originals. */
export function copiesFolder({ unit }: Pick<SshProxyDescriptor, "unit">): string {
  return `${COPIES}/${unit}`;
}

/** The copies that nginx reads. */
export function copiedFiles(proxy: Pick<SshProxyDescriptor, "unit">): TlsFiles {
  return filesIn(`${copiesFolder(proxy)}/current`);
}

/** The names of the units that copy a certificate; the second and the third one start the first one. */
export function certificateUnits({ unit }: Pick<SshProxyDescriptor, "unit">) {
  const name = `${unit}-certificate`;
  return { copy: name, watch: [`${name}.path`, `${name}.timer`] };
}

/** The units that copy a certificate when it changes, by name. */
export function certificateUnitTexts(
  proxy: SshProxyDescriptor,
  { certificate, key }: TlsFiles,
  account: string,
  mark: string,
): Readonly<Record<string, string>> {
  const { copy, watch } = certificateUnits(proxy);
  const [path = "", timer = ""] = watch;
  const description = `Description=${copy}: the certificate of ${proxy.unit}`;
  // Programs such as certbot replace links in a folder, so that the folders are watched, too.
  const watched = [...new Set([certificate, key, dirname(certificate), dirname(key)])];
  return {
    [copy]: `${mark}
[Unit]
${description}
StartLimitIntervalSec=0

[Service]
Type=oneshot
# A program that renews writes several files.
ExecStartPre=/bin/sleep 2
ExecStart=/bin/sh -c ${systemdQuote(COPY)} sh ${certificate} ${key} ${copiesFolder(proxy)} ${account} @nginx@
`,
    [path]: `${mark}
[Unit]
${description}

[Path]
${watched.map((file) => `PathChanged=${file}\n`).join("")}Unit=${copy}.service

[Install]
WantedBy=multi-user.target
`,
    [timer]: `${mark}
[Unit]
${description}

[Timer]
# For changes behind links that the other unit does not see.
OnBootSec=1min
OnUnitInactiveSec=1h
Unit=${copy}.service

[Install]
WantedBy=timers.target
`,
  };
}
