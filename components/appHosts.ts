import * as pulumi from "@pulumi/pulumi";
import type { AppHostsArgs } from "#kinds/declaration.ts";
import type { HostPlace } from "#rollout/request/places.ts";
import { AppHostResource } from "./appHostResource.ts";

/** What every host keeps; the rollout adds the application, and on Docker its container. */
export class AppHosts extends pulumi.ComponentResource {
  /** What a rollout needs to know about the hosts. */
  readonly hosts: pulumi.Output<HostPlace[]>;

  constructor(
    name: string,
    { hosts, around, ...common }: AppHostsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("rollgate:index:AppHosts", name, {}, options);
    // From the arguments, because the children's outputs are unknown in the first preview.
    this.hosts = pulumi.output<HostPlace[]>([...hosts]);
    const needsOf = around?.(name, this);
    for (const host of hosts) {
      const dependsOn = needsOf?.(host) ?? [];
      new AppHostResource(`${name}-${host.name}`, { ...host, ...common }, { parent: this, dependsOn });
    }
    this.registerOutputs({ hosts: this.hosts });
  }
}
