import * as pulumi from "@pulumi/pulumi";
import type { HostDescriptor } from "#rollout/rollRequest.ts";
import { LocalHost } from "./localHost.ts";

/** The app hosts of this machine. */
export interface LocalAppHostsArgs {
  /** Where each host is; known at preview, so that a preview can show the rolling order. */
  readonly hosts: readonly HostDescriptor[];
  /** The Java that has to be there: a path, or a name to look up on PATH. */
  readonly java: pulumi.Input<string>;
  /** How long the application may take to stop when its host is deleted. */
  readonly graceSeconds: pulumi.Input<number>;
}

/** One directory per host on this machine; the application comes with the rollout. */
export class LocalAppHosts extends pulumi.ComponentResource {
  /** What a rollout needs to know of the hosts. */
  readonly hosts: pulumi.Output<HostDescriptor[]>;

  constructor(name: string, args: LocalAppHostsArgs, options?: pulumi.ComponentResourceOptions) {
    super("rollgate:index:LocalAppHosts", name, {}, options);
    for (const host of args.hosts) {
      new LocalHost(
        `${name}-${host.name}`,
        { ...host, java: args.java, graceSeconds: args.graceSeconds },
        { parent: this },
      );
    }
    // From the arguments, not from the children: their outputs are unknown in the first preview.
    this.hosts = pulumi.output([...args.hosts]);
    this.registerOutputs({ hosts: this.hosts });
  }
}
