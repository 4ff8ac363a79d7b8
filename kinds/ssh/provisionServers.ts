import type { SshHostDescriptor } from "./sshDescriptors.ts";
import type { Provisioning } from "./sshServer.ts";

/** How servers are made ready. */
export interface ProvisionSettings {
  readonly wanted: boolean;
  /** The account to log in as for that; empty means the one that rolls. */
  readonly user: string;
  /** What the accounts of the services begin with, and their units. */
  readonly prefix: string;
  readonly javaPackage: string;
  readonly nginxPackage: string;
}

/** What has to be on the servers. */
export interface Needed {
  readonly java: string;
  readonly nginx: string;
  readonly graceSeconds: number;
}

/** Hosts and nginx with how their servers are made ready, as far as that is wanted. */
export function provisionServers(
  hosts: readonly SshHostDescriptor[],
  { wanted, user, prefix, javaPackage, nginxPackage }: ProvisionSettings,
  { java, nginx, graceSeconds }: Needed,
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
    nginx: { provisioning: ready(`${prefix}-web`, nginx, nginxPackage) },
  };
}

/** A package brings a command by its name, not one that is somewhere of its own. */
function packageFor(command: string, debianPackage: string): string {
  return command.includes("/") ? "" : debianPackage;
}
