import * as pulumi from "@pulumi/pulumi";
import type { CheckingNginxArgs } from "#kinds/declaration.ts";
import { kinds } from "#kinds/kinds.ts";
import { partOf } from "#rollout/request/partOf.ts";
import type { ProxyPlace } from "#rollout/request/places.ts";
import { NginxResource } from "./nginxResource.ts";

/** nginx in front of the app hosts: it drains hosts by flag files and reports how it sees them. */
export class CheckingNginx extends pulumi.ComponentResource {
  /** What a rollout needs to know about nginx. */
  readonly proxies: pulumi.Output<[ProxyPlace, ...ProxyPlace[]]>;

  constructor(
    name: string,
    { around, ...inputs }: CheckingNginxArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("rollgate:index:CheckingNginx", name, {}, options);
    const dependsOn = around?.(name, this) ?? [];
    new NginxResource(`${name}-server`, inputs, { parent: this, dependsOn });
    this.proxies = pulumi.output<[ProxyPlace, ...ProxyPlace[]]>([
      partOf(kinds.named(inputs.kind).proxy, inputs),
    ]);
    this.registerOutputs({ proxies: this.proxies });
  }
}
