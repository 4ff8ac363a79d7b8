import * as pulumi from "@pulumi/pulumi";
import { dynamicProvider } from "#provider/dynamicProvider.ts";
import type { RollingDeploymentInputs } from "#provider/rollingDeployment.ts";
import type { Given } from "./given.ts";

/** What to roll, over which hosts, behind which nginx, and within which limits. */
export type RollingDeploymentArgs = Given<RollingDeploymentInputs>;

// Hosts end what runs on them when they are deleted, so the provider removes nothing: to rename this resource must not
// stop the service.
const provider = dynamicProvider(() => import("#provider/rollingDeployment.ts"));

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
