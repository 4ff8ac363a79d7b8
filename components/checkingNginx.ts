import type { CheckingNginxArgs, OrchestratedProxyArgs } from "#kinds/declaration.ts";
import { kinds } from "#kinds/kinds.ts";
import * as pulumi from "#kinds/pulumi.ts";
import { isPem } from "#rollout/request/frontDoor/tls.ts";
import { partOf } from "#rollout/request/partOf.ts";
import type { ProxyPlace } from "#rollout/request/places.ts";
import { NginxResource } from "./nginxResource.ts";

/**
 * nginx in front of the app hosts: it drains hosts by flag files and reports how it sees them. Hosts that their own
 * orchestrator rolls have what that offers in its place.
 */
export class CheckingNginx extends pulumi.ComponentResource {
  /** What a rollout needs to know about nginx. */
  readonly proxies: pulumi.Output<[ProxyPlace, ...ProxyPlace[]]>;

  constructor(
    name: string,
    args: CheckingNginxArgs | OrchestratedProxyArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("rollgate:index:CheckingNginx", name, {}, options);
    if ("declare" in args) {
      args.declare(name, this);
      this.proxies = pulumi.output<[ProxyPlace, ...ProxyPlace[]]>([...args.proxies]);
      this.registerOutputs({ proxies: this.proxies });
      return;
    }
    const { around, others = [], ...inputs } = args;
    const place = partOf(kinds.named(inputs.kind).proxy, inputs);
    const proxies: [ProxyPlace, ...ProxyPlace[]] = [place, ...others.map((other) => other.place)];
    const serving = {
      ...inputs,
      // With the key as text. In the state, only a whole input can be secret.
      ...(inputs.tls && isPem(inputs.tls.key) && { tls: pulumi.secret(inputs.tls) }),
      ...(others.length > 0 && { peers: proxies }),
    };
    let before: pulumi.Resource[] = [];
    for (const each of [
      { name, place, around, keeper: {} },
      ...others.map(({ key, ...other }) => ({ ...other, name: `${name}-${key}`, keeper: { keeper: key } })),
    ]) {
      const dependsOn = [...before, ...(each.around?.(each.name, this) ?? [])];
      const server = new NginxResource(
        `${each.name}-server`,
        { ...serving, ...each.place, ...each.keeper },
        { parent: this, dependsOn },
      );
      // One after the other, because they share a lease, and each change of a configuration is tried on one first.
      before = [server];
    }
    this.proxies = pulumi.output(proxies);
    this.registerOutputs({ proxies: this.proxies });
  }
}
