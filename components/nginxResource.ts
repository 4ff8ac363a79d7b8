import * as pulumi from "@pulumi/pulumi";
import type { ServingInputs } from "#kinds/servingInputs.ts";
import { dynamicProvider, type Given } from "#provider/dynamicProvider.ts";
import type { ProxyPlace } from "#rollout/request/places.ts";

/** The place of an nginx of any kind, and what it serves. */
export type NginxArgs = Given<ProxyPlace & ServingInputs> & Readonly<Record<string, unknown>>;

const provider = dynamicProvider(async () => (await import("rollgate/provider")).nginx());

/** The configuration that an nginx serves; a change is tested and reloaded, without a restart. */
export class NginxResource extends pulumi.dynamic.Resource {
  /** The chosen flavour. */
  declare readonly flavour: pulumi.Output<string>;
  /** The whole `nginx.conf`, so that a preview shows its changes. */
  declare readonly configuration: pulumi.Output<string>;

  constructor(name: string, args: NginxArgs, options?: pulumi.CustomResourceOptions) {
    const filledByCheck = { configuration: undefined, running: undefined };
    super(provider, name, { ...args, ...filledByCheck }, options, "rollgate", "Nginx");
  }
}
