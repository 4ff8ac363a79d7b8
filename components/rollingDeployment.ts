import * as pulumi from "@pulumi/pulumi";
import type { RollingDeploymentInputs } from "#provider/rollingDeployment.ts";

/** What to roll, over which hosts, behind which nginx, and within which limits. */
export type RollingDeploymentArgs = {
  readonly [Key in keyof RollingDeploymentInputs]:
    | pulumi.Input<NonNullable<RollingDeploymentInputs[Key]>>
    | (undefined extends RollingDeploymentInputs[Key] ? undefined : never);
};

// Serialised into the state: whatever is captured here would be too, so the engine is imported inside.
const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) {
    return (await import("#provider/rollingDeployment.ts")).check(olds, news);
  },
  async diff(_id, olds, news) {
    return (await import("#provider/rollingDeployment.ts")).diff(olds, news);
  },
  async create(inputs) {
    const id = "rolling-deployment";
    return { id, outs: await (await import("#provider/rollingDeployment.ts")).deploy(id, inputs) };
  },
  async read(id, props) {
    return (await import("#provider/rollingDeployment.ts")).read(id, props);
  },
  async update(id, _olds, news) {
    return { outs: await (await import("#provider/rollingDeployment.ts")).deploy(id, news) };
  },
  // Hosts end what runs on them when they are deleted. Renaming this resource must not stop the service.
  async delete() {},
};

/**
 * Rolls a jar over the hosts, one at a time once any of them serves, whenever the jar, the way it is started or the fleet changes.
 * A failed roll fails the update, leaves in the state what every host runs, and is taken up by the next one.
 */
export class RollingDeployment extends pulumi.dynamic.Resource {
  /** Where clients reach the service. */
  declare readonly url: pulumi.Output<string>;
  /** The release that each host runs, by the name of the host. */
  declare readonly releases: pulumi.Output<Record<string, string>>;
  /** How long the last roll took. */
  declare readonly durationSeconds: pulumi.Output<number>;

  constructor(name: string, args: RollingDeploymentArgs, options?: pulumi.CustomResourceOptions) {
    const filledByRoll = { url: undefined, releases: undefined, durationSeconds: undefined };
    super(provider, name, { ...args, ...filledByRoll }, options, "rollgate", "RollingDeployment");
  }
}
