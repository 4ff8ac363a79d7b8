import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "#rollout/request/descriptors.ts";
import type { Provisioning } from "../../components/provisionServer.ts";
import { provisionHost, provisionNginx } from "./provision.ts";
import { type Connection, connectionTo } from "./provisionConnection.ts";
import type { ProvisionSettings } from "./sshKind.ts";

/** What has to be on the servers. */
export interface Needed {
  readonly java: string;
  readonly nginx: string;
  readonly graceSeconds: number;
}

/** Hosts and nginx with what makes their servers ready, as far as that is wanted. */
export async function provisionServers(
  hosts: readonly SshHostDescriptor[],
  proxy: SshProxyDescriptor,
  { wanted, user, prefix, javaPackage, nginxPackage }: ProvisionSettings,
  { java, nginx, graceSeconds }: Needed,
): Promise<{
  hosts: (SshHostDescriptor & { provisioning?: Provisioning })[];
  nginx: { provisioning?: Provisioning };
}> {
  if (!wanted) return { hosts: [...hosts], nginx: {} };
  const ready = await Promise.all(
    hosts.map(async (host, index) => {
      const { connection, deployer } = await logIn(host, user, `hosts[${index}].server`);
      const account = { deployer, account: prefix, graceSeconds };
      const script = provisionHost(host, {
        ...account,
        command: java,
        package: packageFor(java, javaPackage),
      });
      return { ...host, provisioning: { script, connection } };
    }),
  );
  const { connection, deployer } = await logIn(proxy, user, "nginxServer");
  const account = { deployer, account: `${prefix}-web`, graceSeconds };
  const script = provisionNginx(proxy, {
    ...account,
    command: nginx,
    package: packageFor(nginx, nginxPackage),
  });
  return { hosts: ready, nginx: { provisioning: { script, connection } } };
}

async function logIn(
  place: SshHostDescriptor | SshProxyDescriptor,
  user: string,
  setting: string,
): Promise<{ connection: Connection; deployer: string }> {
  try {
    const [own, connection] = await Promise.all([connectionTo(place), connectionTo(place, user)]);
    return { connection, deployer: own.user };
  } catch (error) {
    throw new InvalidInput(setting, messageOf(error), { cause: error });
  }
}

/** A package brings a command by its name, not one that is somewhere of its own. */
function packageFor(command: string, debianPackage: string): string {
  return command.includes("/") ? "" : debianPackage;
}
