import type { Input, Resource } from "@pulumi/pulumi";
import { partOf } from "#rollout/request/partOf.ts";
import type { HostPlace } from "#rollout/request/places.ts";
import type { AppHostsArgs, CheckingNginxArgs } from "../declaration.ts";
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
}

/** An nginx on a server, and how to set up the server; absent if that is done by other means. */
export interface SshCheckingNginxArgs extends SshNginxInputs {
  readonly provisioning?: Provisioning;
  /** Further ones, whose servers are set up in the same way. */
  readonly others?: readonly SshProxyDescriptor[];
}

/** Hosts with the set-up of their servers. */
export function hostsOnServers({ hosts, graceSeconds }: SshAppHostsArgs): AppHostsArgs {
  const around = (name: string, parent: Resource) => (host: HostPlace) =>
    hosts
      .filter((each) => each.name === host.name)
      .flatMap(({ provisioning, ...place }) =>
        provisioning
          ? [new SshServer(`${name}-${place.name}-server`, { place, ...provisioning }, { parent })]
          : [],
      );
  return { hosts: hosts.map(({ provisioning: _, ...host }) => host), graceSeconds, around };
}

/** An nginx with the set-up of its server. */
export function nginxOnServer({ provisioning, others, ...nginx }: SshCheckingNginxArgs): CheckingNginxArgs {
  const setUp = (place: SshProxyDescriptor) =>
    provisioning && {
      around: (name: string, parent: Resource) => [
        new SshServer(`${name}-machine`, { place, ...provisioning }, { parent }),
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
