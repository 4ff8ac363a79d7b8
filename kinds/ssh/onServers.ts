import type { Input, Resource } from "@pulumi/pulumi";
import { partOf } from "#rollout/request/partOf.ts";
import type { HostPlace } from "#rollout/request/places.ts";
import type { AppHostsArgs, CheckingNginxArgs } from "../declaration.ts";
import type { Reached, ReachedServers } from "./reachServers.ts";
import { hostOf } from "./sshArguments.ts";
import {
  type SshHostDescriptor,
  type SshNginxInputs,
  type SshProxyDescriptor,
  sshProxyDescriptor,
} from "./sshDescriptors.ts";
import { type Provisioning, SshServer } from "./sshServer.ts";

/** App hosts on servers reached over SSH. */
export interface SshAppHostsArgs {
  readonly hosts: readonly (SshHostDescriptor & {
    /** How to set up the server; absent if that is done by other means. */
    readonly provisioning?: Provisioning;
  })[];
  readonly graceSeconds: Input<number>;
  /** What the program has found out. */
  readonly reached?: ReachedServers;
}

/** An nginx on a server, and how to set up the server; absent if that is done by other means. */
export interface SshCheckingNginxArgs extends SshNginxInputs {
  readonly provisioning?: Provisioning;
  /** Further ones, whose servers are set up in the same way. */
  readonly others?: readonly SshProxyDescriptor[];
  readonly reached?: ReachedServers;
}

/** Hosts with the set-up of their servers. */
export function hostsOnServers({ hosts, graceSeconds, reached }: SshAppHostsArgs): AppHostsArgs {
  const around = (name: string, parent: Resource) => (host: HostPlace) =>
    hosts
      .filter((each) => each.name === host.name)
      .flatMap(({ provisioning, ...place }) => {
        if (!provisioning) return [];
        const inputs = { place, ...provisioning, ...deployerIn(reached?.(place)) };
        return [new SshServer(`${name}-${place.name}-server`, inputs, { parent })];
      });
  const places = hosts.map(({ provisioning: _, ...host }) => host);
  const portsAreFree = ({ name }: HostPlace) =>
    places.some((place) => place.name === name && reached?.(place)?.portsAreFree);
  return { hosts: places, graceSeconds, around, portsAreFree };
}

function deployerIn(reached: Reached | undefined): Pick<Provisioning, "deployer"> {
  return reached ? { deployer: reached.deployer } : {};
}

/** An nginx with the set-up of its server. */
export function nginxOnServer({
  provisioning,
  others,
  reached,
  ...nginx
}: SshCheckingNginxArgs): CheckingNginxArgs {
  const setUp = (place: SshProxyDescriptor) =>
    provisioning && {
      around: (name: string, parent: Resource) => [
        new SshServer(
          `${name}-machine`,
          { place, ...provisioning, ...deployerIn(reached?.(place)) },
          { parent },
        ),
      ],
    };
  return {
    ...nginx,
    ...setUp(partOf(sshProxyDescriptor, nginx)),
    ...(others && {
      others: others.map((place) => ({ key: hostOf(place.server), place, ...setUp(place) })),
    }),
  };
}
