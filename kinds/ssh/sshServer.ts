import * as pulumi from "@pulumi/pulumi";
import { dynamicProvider } from "#provider/dynamicProvider.ts";
import type { SshServerInputs } from "./provisionedServer.ts";

type Args = { readonly [Key in keyof SshServerInputs]: pulumi.Input<SshServerInputs[Key]> };

const provider = dynamicProvider(() => import("#kinds/ssh/provisionedServer.ts"));

/** How a server is made ready, beside where it is. */
export type Provisioning = Omit<SshServerInputs, "place">;

/** A server that is made ready: packages, accounts, folders, units and rights; deleting it removes all but packages. */
export class SshServer extends pulumi.dynamic.Resource {
  constructor(name: string, args: Args, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args, script: undefined }, options, "rollgate", "SshServer");
  }
}
