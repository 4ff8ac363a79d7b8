import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import type { SshHostDescriptor } from "./sshDescriptors.ts";
import type { Provisioning } from "./sshServer.ts";

/** How to set up servers. */
export interface ProvisionSettings {
  readonly wanted: boolean;
  /** The account that sets up servers; empty means the one that deploys. */
  readonly user: string;
  /** The prefix of the services' accounts and units. */
  readonly prefix: string;
  readonly javaPackage: string;
  readonly nginxPackage: string;
}

/** What the servers need. */
export interface Needed {
  readonly java: string;
  readonly nginx: string;
  readonly graceSeconds: number;
  /** A certificate and its key, which only root can read. */
  readonly certificate?: TlsFiles;
}

/** Adds to hosts and nginx how to set up their servers, unless that is turned off. */
export function provisionServers(
  hosts: readonly SshHostDescriptor[],
  { wanted, user, prefix, javaPackage, nginxPackage }: ProvisionSettings,
  { java, nginx, graceSeconds, certificate }: Needed,
): {
  hosts: (SshHostDescriptor & { provisioning?: Provisioning })[];
  nginx: { provisioning?: Provisioning };
} {
  if (!wanted) return { hosts: [...hosts], nginx: {} };
  const ready = (account: string, command: string, debianPackage: string): Provisioning => ({
    user,
    account,
    graceSeconds,
    command,
    package: packageFor(command, debianPackage),
  });
  return {
    hosts: hosts.map((host) => ({ ...host, provisioning: ready(prefix, java, javaPackage) })),
    nginx: {
      provisioning: {
        ...ready(`${prefix}-web`, nginx, nginxPackage),
        ...(certificate && { certificate }),
      },
    },
  };
}

/** A package can only provide a command given by name, not by path. */
function packageFor(command: string, debianPackage: string): string {
  return command.includes("/") ? "" : debianPackage;
}
