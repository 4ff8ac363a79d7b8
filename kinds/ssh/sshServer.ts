import type { Given } from "#provider/dynamicProvider.ts";
import { DynamicResource } from "../dynamicResource.ts";
import type * as pulumi from "../pulumi.ts";
import type { SshServerInputs } from "./provisionedServer.ts";

const load = () => import("rollgate/provider/ssh-server");

/** How to set up a server, apart from where it is. */
export type Provisioning = Omit<SshServerInputs, "place">;

/** A server to set up with packages, accounts, folders, units and sudo rights; deleting it removes all but packages. */
export class SshServer extends DynamicResource {
  constructor(name: string, args: Given<SshServerInputs>, options?: pulumi.CustomResourceOptions) {
    super("SshServer", load, name, { ...args }, options);
  }
}
