import * as pulumi from "@pulumi/pulumi";
import type { LocalHostInputs } from "#provider/localHost.ts";

type Args = { readonly [Key in keyof LocalHostInputs]: pulumi.Input<LocalHostInputs[Key]> };

const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) {
    return (await import("#provider/localHost.ts")).check(news, olds);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/localHost.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/localHost.ts")).create(inputs);
  },
  async read(id, props) {
    return (await import("#provider/localHost.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/localHost.ts")).create(news);
  },
  async delete(_id, props) {
    return (await import("#provider/localHost.ts")).remove(props);
  },
};

/** A directory, an address and a port on this machine; deleting it ends the JVM that runs there. */
export class LocalHost extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  declare readonly directory: pulumi.Output<string>;
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: Args, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "rollgate", "LocalHost");
  }
}
