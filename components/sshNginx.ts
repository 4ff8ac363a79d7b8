import * as pulumi from "@pulumi/pulumi";
import type { SshNginxInputs } from "#provider/sshNginx.ts";

export type SshNginxArgs = {
  readonly [Key in keyof SshNginxInputs]: pulumi.Input<SshNginxInputs[Key]>;
};

const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) {
    return (await import("#provider/sshNginx.ts")).check(news, olds);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/sshNginx.ts")).diff(olds, news);
  },
  async create(inputs) {
    return (await import("#provider/sshNginx.ts")).serve(inputs);
  },
  async read(id, props) {
    return (await import("#provider/sshNginx.ts")).read(id, props);
  },
  async update(_id, _olds, news) {
    return (await import("#provider/sshNginx.ts")).serve(news);
  },
  async delete(_id, props) {
    return (await import("#provider/sshNginx.ts")).remove(props);
  },
};

/** What the nginx of a server serves; a change is tested, reloaded and seen to serve, without a restart. */
export class SshNginx extends pulumi.dynamic.Resource {
  /** The flavour that was chosen, in words of the settings. */
  declare readonly flavour: pulumi.Output<string>;
  /** The whole `nginx.conf`, so that a preview shows what changes in it. */
  declare readonly configuration: pulumi.Output<string>;

  constructor(name: string, args: SshNginxArgs, options?: pulumi.CustomResourceOptions) {
    const filledByCheck = { configuration: undefined, running: undefined };
    super(provider, name, { ...args, ...filledByCheck }, options, "rollgate", "SshNginx");
  }
}
