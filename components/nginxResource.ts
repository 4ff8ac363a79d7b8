import { DynamicResource } from "#kinds/dynamicResource.ts";
import type * as pulumi from "#kinds/pulumi.ts";
import type { ServingInputs } from "#kinds/servingInputs.ts";
import type { Given } from "#provider/dynamicProvider.ts";
import type { ProxyPlace } from "#rollout/request/places.ts";

/** The place of an nginx of any kind, and what it serves. */
export type NginxArgs = Given<ProxyPlace & ServingInputs> & Readonly<Record<string, unknown>>;

const load = async () => (await import("rollgate/provider")).nginx();

/** The configuration that an nginx serves; a change is tested and reloaded, without a restart. */
export class NginxResource extends DynamicResource {
  /** The chosen flavour. */
  declare readonly flavour: pulumi.Output<string>;
  /** The hash of the whole `nginx.conf`, which is among the inputs, so that a preview shows its changes. */
  declare readonly configuration: pulumi.Output<string>;

  constructor(name: string, args: NginxArgs, options?: pulumi.CustomResourceOptions) {
    const filledByCheck = { configuration: undefined, running: undefined };
    super("Nginx", load, name, { ...args, ...filledByCheck }, options);
  }
}
