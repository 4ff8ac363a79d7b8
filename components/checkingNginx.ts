import * as pulumi from "@pulumi/pulumi";
import type { LocalProxyDescriptor, ProxyDescriptor } from "#rollout/descriptors.ts";
import { LocalNginx, type LocalNginxArgs } from "./localNginx.ts";

/** Nginx in front of the app hosts. */
export type CheckingNginxArgs = Omit<LocalNginxArgs, "kind" | "directory" | "address" | "port"> & {
  /** Where nginx is; known at preview. */
  readonly proxy: LocalProxyDescriptor;
};

/** Nginx that knows all hosts, drains one by a flag file, and tells what it sees of them. */
export class CheckingNginx extends pulumi.ComponentResource {
  /** What a rollout needs to know of nginx. */
  readonly proxy: pulumi.Output<ProxyDescriptor>;

  constructor(name: string, args: CheckingNginxArgs, options?: pulumi.ComponentResourceOptions) {
    super("rollgate:index:CheckingNginx", name, {}, options);
    const { proxy, ...rest } = args;
    new LocalNginx(`${name}-server`, { ...proxy, ...rest }, { parent: this });
    this.proxy = pulumi.output(proxy);
    this.registerOutputs({ proxy: this.proxy });
  }
}
