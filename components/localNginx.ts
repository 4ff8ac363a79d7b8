import * as pulumi from "@pulumi/pulumi";
import type { LocalNginxInputs } from "#provider/localNginx.ts";

export type LocalNginxArgs = {
  readonly [Key in keyof LocalNginxInputs]: pulumi.Input<LocalNginxInputs[Key]>;
};

const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) {
    return (await import("#provider/localNginx.ts")).check(olds, news);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/localNginx.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/localNginx.ts")).serve(inputs);
  },
  async read(id, props) {
    return (await import("#provider/localNginx.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/localNginx.ts")).serve(news);
  },
  async delete(_id, props) {
    return (await import("#provider/localNginx.ts")).remove(props);
  },
};

/** The nginx of this machine under a prefix of its own; a change is tested, reloaded and seen to serve. */
export class LocalNginx extends pulumi.dynamic.Resource {
  /** The flavour that was chosen, in words of the settings. */
  declare readonly flavour: pulumi.Output<string>;
  /** The whole `nginx.conf`, so that a preview shows what changes in it. */
  declare readonly configuration: pulumi.Output<string>;

  constructor(name: string, args: LocalNginxArgs, options?: pulumi.CustomResourceOptions) {
    const filledByCheck = { configuration: undefined, running: undefined };
    super(provider, name, { ...args, ...filledByCheck }, options, "rollgate", "LocalNginx");
  }
}
