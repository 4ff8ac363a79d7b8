import * as pulumi from "@pulumi/pulumi";
import type { DockerNginxInputs } from "#kinds/docker/dockerNginxInputs.ts";
import type { LocalNginxInputs } from "#kinds/local/localNginxInputs.ts";
import type { SshNginxInputs } from "#kinds/ssh/sshNginxInputs.ts";

type Inputs<Kind> = { readonly [Key in keyof Kind]: pulumi.Input<Kind[Key]> };
/** What is said of an nginx, whatever kind of machine it is on. */
export type NginxArgs = Inputs<LocalNginxInputs> | Inputs<DockerNginxInputs> | Inputs<SshNginxInputs>;

const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) {
    return (await import("#provider/nginx.ts")).check({ olds, news });
  },
  async diff(_id, olds, news) {
    return (await import("#provider/nginx.ts")).diff({ olds, news });
  },
  async create(inputs) {
    return (await import("#provider/nginx.ts")).serve(inputs);
  },
  async read(id, props) {
    return (await import("#provider/nginx.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/nginx.ts")).serve(news);
  },
  async delete(_id, props) {
    return (await import("#provider/nginx.ts")).remove(props);
  },
};

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
