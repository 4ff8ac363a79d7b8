import * as pulumi from "@pulumi/pulumi";
import type { DockerHostInputs } from "#provider/dockerHost.ts";

type Args = { readonly [Key in keyof DockerHostInputs]: pulumi.Input<DockerHostInputs[Key]> };

const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) {
    return (await import("#provider/dockerHost.ts")).check(news, olds);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/dockerHost.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/dockerHost.ts")).create(inputs);
  },
  async read(id, props) {
    return (await import("#provider/dockerHost.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/dockerHost.ts")).create(news);
  },
  async delete(_id, props) {
    return (await import("#provider/dockerHost.ts")).remove(props);
  },
};

/** A container name, an address and a volume; deleting it stops and removes the container that runs there. */
export class DockerHost extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  declare readonly container: pulumi.Output<string>;
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: Args, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "rollgate", "DockerHost");
  }
}
