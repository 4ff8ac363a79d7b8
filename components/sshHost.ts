import * as pulumi from "@pulumi/pulumi";
import type { SshHostInputs } from "#provider/sshHost.ts";

type Args = { readonly [Key in keyof SshHostInputs]: pulumi.Input<SshHostInputs[Key]> };

const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) {
    return (await import("#provider/sshHost.ts")).check(news, olds);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/sshHost.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/sshHost.ts")).create(inputs);
  },
  async read(id, props) {
    return (await import("#provider/sshHost.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/sshHost.ts")).create(news);
  },
  async delete(_id, props) {
    return (await import("#provider/sshHost.ts")).remove(props);
  },
};

/** A directory, an address and a port on a server; deleting it ends the application that runs there. */
export class SshHost extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: Args, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "rollgate", "SshHost");
  }
}
