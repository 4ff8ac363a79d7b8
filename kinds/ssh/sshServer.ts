import * as pulumi from "@pulumi/pulumi";
import { dynamicProvider, type Given } from "#provider/dynamicProvider.ts";
import type { SshServerInputs } from "./provisionedServer.ts";

const provider = dynamicProvider(() => import("rollgate/provider/ssh-server"));

/** How to set up a server, apart from where it is. */
export type Provisioning = Omit<SshServerInputs, "place">;

/** A server to set up with packages, accounts, folders, units and sudo rights; deleting it removes all but packages. */
export class SshServer extends pulumi.dynamic.Resource {
  constructor(name: string, args: Given<SshServerInputs>, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args, script: undefined }, options, "rollgate", "SshServer");
  }
}
