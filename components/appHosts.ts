import type { AppHostsArgs, OrchestratedHostsArgs } from "#kinds/declaration.ts";
import * as pulumi from "#kinds/pulumi.ts";
import type { HostPlace } from "#rollout/request/places.ts";
import { AppHostResource } from "./appHostResource.ts";

/** What every host keeps; the rollout adds the application, and on Docker its container, on Kubernetes its pods. */
export class AppHosts extends pulumi.ComponentResource {
  /** What a rollout needs to know about the hosts. */
  readonly hosts: pulumi.Output<HostPlace[]>;
  /** The image that the hosts run, by its digest, if it is pushed for them. */
  readonly image: pulumi.Output<string> | undefined;
  /** The same of the canary. */
  readonly canaryImage: pulumi.Output<string> | undefined;

  constructor(
    name: string,
    args: AppHostsArgs | OrchestratedHostsArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("rollgate:index:AppHosts", name, {}, options);
    // From the arguments, because the children's outputs are unknown in the first preview.
    this.hosts = pulumi.output<HostPlace[]>([...args.hosts]);
    if ("declare" in args) {
      const { image, canaryImage } = args.declare(name, this);
      this.image = image;
      this.canaryImage = canaryImage;
      this.registerOutputs({ hosts: this.hosts });
      return;
    }
    const { hosts, around, portsAreFree, ...common } = args;
    const needsOf = around?.(name, this);
    for (const host of hosts) {
      const dependsOn = needsOf?.(host) ?? [];
      const looked = portsAreFree?.(host) ? { portsAreFree: true } : {};
      const inputs = { ...host, ...common, ...looked };
      new AppHostResource(`${name}-${host.name}`, inputs, { parent: this, dependsOn });
    }
    this.registerOutputs({ hosts: this.hosts });
  }
}
