import * as pulumi from "@pulumi/pulumi";
import type { DockerImageInputs } from "#provider/dockerImage.ts";

type Args = { readonly [Key in keyof DockerImageInputs]: pulumi.Input<DockerImageInputs[Key]> };

const provider: pulumi.dynamic.ResourceProvider = {
  async diff(_id, olds, news) {
    return (await import("#provider/dockerImage.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/dockerImage.ts")).create(inputs);
  },
  async read(id, props) {
    return (await import("#provider/dockerImage.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/dockerImage.ts")).create(news);
  },
  // It stays on the engine: other stacks may run in it.
  async delete() {},
};

/** An image that an engine has, pulled with the credentials of the user's docker CLI, none of which reach the state. */
export class DockerImage extends pulumi.dynamic.Resource {
  declare readonly image: pulumi.Output<string>;

  constructor(name: string, args: Args, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "rollgate", "DockerImage");
  }
}
