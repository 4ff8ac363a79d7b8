import * as pulumi from "@pulumi/pulumi";
import type { DockerNginxInputs } from "#provider/dockerNginx.ts";

export type DockerNginxArgs = {
  readonly [Key in keyof DockerNginxInputs]: pulumi.Input<DockerNginxInputs[Key]>;
};

const provider: pulumi.dynamic.ResourceProvider = {
  async check(_olds, news) {
    return (await import("#provider/dockerNginx.ts")).check(news);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/dockerNginx.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/dockerNginx.ts")).serve(inputs);
  },
  async read(id, props) {
    return (await import("#provider/dockerNginx.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/dockerNginx.ts")).serve(news);
  },
};

/** What the nginx in a container serves; a change is tested, reloaded and seen to serve, without a restart. */
export class DockerNginx extends pulumi.dynamic.Resource {
  /** The flavour that was chosen, in words of the settings. */
  declare readonly flavour: pulumi.Output<string>;
  /** The whole `nginx.conf`, so that a preview shows what changes in it. */
  declare readonly configuration: pulumi.Output<string>;

  constructor(name: string, args: DockerNginxArgs, options?: pulumi.CustomResourceOptions) {
    const filledByCheck = { configuration: undefined, running: undefined };
    super(provider, name, { ...args, ...filledByCheck }, options, "rollgate", "DockerNginx");
  }
}
