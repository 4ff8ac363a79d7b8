import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { DockerHostDescriptor } from "#kinds/docker/dockerDescriptors.ts";
import { gatewayOf } from "#kinds/docker/subnet.ts";
import type { HostDescriptor } from "#kinds/kinds.ts";
import type { LocalHostDescriptor } from "#kinds/local/localDescriptors.ts";
import type { SshHostDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { DockerHost } from "./dockerHost.ts";
import { DockerImage } from "./dockerImage.ts";
import { LocalHost } from "./localHost.ts";
import { SshHost } from "./sshHost.ts";
import { type Provisioning, SshServer } from "./sshServer.ts";

/** App hosts that are directories and ports of this machine. */
export interface LocalAppHostsArgs {
  readonly kind: "local";
  /** Where each host is; known at preview, so that a preview can show the rolling order. */
  readonly hosts: readonly LocalHostDescriptor[];
  /** The Java that has to be there: a path, or a name to look up on PATH. */
  readonly java: pulumi.Input<string>;
  /** How long the application may take to stop when its host is deleted. */
  readonly graceSeconds: pulumi.Input<number>;
}

/** App hosts that are containers of one Docker engine. */
export interface DockerAppHostsArgs {
  readonly kind: "docker";
  /** What each host is called on the engine; known at preview, so that a preview can show the rolling order. */
  readonly hosts: readonly DockerHostDescriptor[];
  /** The image with a Java runtime that every host runs in. */
  readonly image: pulumi.Input<string>;
  /** The network that hosts and nginx share, and its addresses, such as `10.77.0.0/24`. */
  readonly network: { readonly name: pulumi.Input<string>; readonly subnet: pulumi.Input<string> };
  /** How long the application may take to stop when its host is deleted. */
  readonly graceSeconds: pulumi.Input<number>;
}

/** App hosts on servers that are reached over SSH. */
export interface SshAppHostsArgs {
  readonly kind: "ssh";
  /** Where each host is; known at preview, so that a preview can show the rolling order. */
  readonly hosts: readonly (SshHostDescriptor & {
    /** How the server is made ready, unless others do that. */
    readonly provisioning?: Provisioning;
  })[];
  /** How long the application may take to stop when its host is deleted. */
  readonly graceSeconds: pulumi.Input<number>;
}

export type AppHostsArgs = LocalAppHostsArgs | DockerAppHostsArgs | SshAppHostsArgs;

/** What every host keeps; the application itself comes with the rollout, and so does the container that runs it. */
export class AppHosts extends pulumi.ComponentResource {
  /** What a rollout needs to know of the hosts. */
  readonly hosts: pulumi.Output<HostDescriptor[]>;

  constructor(name: string, args: AppHostsArgs, options: pulumi.ComponentResourceOptions = {}) {
    const aliases = [...(options.aliases ?? []), { type: "rollgate:index:LocalAppHosts" }];
    super("rollgate:index:AppHosts", name, {}, { ...options, aliases });
    // From the arguments, not from the children: their outputs are unknown in the first preview.
    this.hosts = pulumi.output<HostDescriptor[]>([...args.hosts]);
    if (args.kind === "docker") this.#declareContainers(name, args);
    else if (args.kind === "ssh") this.hosts = pulumi.output(this.#declareServers(name, args));
    else this.#declareDirectories(name, args);
    this.registerOutputs({ hosts: this.hosts });
  }

  #declareDirectories(name: string, { hosts, java, graceSeconds }: LocalAppHostsArgs): void {
    for (const host of hosts) {
      new LocalHost(`${name}-${host.name}`, { ...host, java, graceSeconds }, { parent: this });
    }
  }

  #declareServers(name: string, { hosts, graceSeconds }: SshAppHostsArgs): SshHostDescriptor[] {
    return hosts.map(({ provisioning, ...host }) => {
      const own = `${name}-${host.name}`;
      const dependsOn = provisioning
        ? [new SshServer(`${own}-server`, { place: host, ...provisioning }, { parent: this })]
        : [];
      new SshHost(own, { ...host, graceSeconds }, { parent: this, dependsOn });
      return host;
    });
  }

  #declareContainers(name: string, { hosts, image, network, graceSeconds }: DockerAppHostsArgs): void {
    const { subnet } = network;
    const shared = [
      new docker.Network(
        `${name}-network`,
        { name: network.name, ipamConfigs: [{ subnet, gateway: pulumi.output(subnet).apply(gatewayOf) }] },
        // All hosts hang on it, so it is never replaced, whatever an engine reports of it after a restart.
        { parent: this, ignoreChanges: ["ipamConfigs", "options"] },
      ),
      new DockerImage(`${name}-image`, { engine: hosts[0]?.engine ?? "", image }, { parent: this }),
    ];
    for (const host of hosts) {
      const volume = new docker.Volume(
        `${name}-${host.name}-releases`,
        { name: host.volume },
        { parent: this },
      );
      new DockerHost(
        `${name}-${host.name}`,
        { ...host, graceSeconds },
        { parent: this, dependsOn: [...shared, volume] },
      );
    }
  }
}
