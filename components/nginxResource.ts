import * as pulumi from "@pulumi/pulumi";
import type { ServingInputs } from "#kinds/servingInputs.ts";
import { dynamicProvider } from "#provider/dynamicProvider.ts";
import type { ProxyPlace } from "#rollout/request/places.ts";
import type { Given } from "./given.ts";

/** Where an nginx is, on any kind of machine, and what it serves. */
export type NginxArgs = Given<ProxyPlace & ServingInputs> & Readonly<Record<string, unknown>>;

const provider = dynamicProvider(() => import("#provider/nginx.ts"));

/** What an nginx serves; a change is tested, reloaded and seen to serve, without a restart. */
export class NginxResource extends pulumi.dynamic.Resource {
  /** The flavour that was chosen, in words of the settings. */
  declare readonly flavour: pulumi.Output<string>;
  /** The whole `nginx.conf`, so that a preview shows what changes in it. */
  declare readonly configuration: pulumi.Output<string>;

  constructor(name: string, args: NginxArgs, options?: pulumi.CustomResourceOptions) {
    const filledByCheck = { configuration: undefined, running: undefined };
    super(provider, name, { ...args, ...filledByCheck }, options, "rollgate", "Nginx");
  }
}
