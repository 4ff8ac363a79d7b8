import * as pulumi from "@pulumi/pulumi";
import type { SshServerInputs } from "#provider/sshServer.ts";

type Args = { readonly [Key in keyof SshServerInputs]: pulumi.Input<SshServerInputs[Key]> };

const provider: pulumi.dynamic.ResourceProvider = {
  async check(_olds, news) {
    return (await import("#provider/sshServer.ts")).check(news);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/sshServer.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/sshServer.ts")).create(inputs);
  },
  async read(id, props) {
    return (await import("#provider/sshServer.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/sshServer.ts")).create(news);
  },
  async delete(_id, props) {
    return (await import("#provider/sshServer.ts")).remove(props);
  },
};

/** How a server is made ready, beside where it is. */
export type Provisioning = Omit<SshServerInputs, "place">;

/** A server that is made ready: packages, accounts, folders, units and rights; deleting it removes all but packages. */
export class SshServer extends pulumi.dynamic.Resource {
  constructor(name: string, args: Args, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args, script: undefined }, options, "rollgate", "SshServer");
  }
}
