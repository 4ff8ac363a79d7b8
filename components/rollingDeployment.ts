import { DynamicResource } from "#kinds/dynamicResource.ts";
import * as pulumi from "#kinds/pulumi.ts";
import type { RollingDeploymentInputs } from "#provider/deployment.ts";
import type { Given } from "#provider/dynamicProvider.ts";
import type { LedgerFigures } from "#rollout/ledger/figures.ts";
import type { HistoryEntry } from "#rollout/record/history.ts";

/** What to roll, over which hosts, behind which nginx, and within which limits. */
export type RollingDeploymentArgs = Omit<Given<RollingDeploymentInputs>, "canary"> & {
  /** Its image may be known only once it is pushed. */
  readonly canary?: Given<RollingDeploymentInputs>["canary"] | CanaryToPush;
};

type CanaryToPush = Omit<NonNullable<RollingDeploymentInputs["canary"]>, "image"> & {
  readonly image?: pulumi.Input<string> | undefined;
};

// The provider removes nothing, because renaming this resource must not stop the service; deleting a host stops its
// application.
const load = async () => (await import("rollgate/provider")).rollingDeployment();

/**
 * Rolls a jar over the hosts, one at a time, whenever the jar, its options or the fleet changes. If a roll fails, so
 * does the update; the state records what every host runs, and the next update continues.
 */
export class RollingDeployment extends DynamicResource {
  /** Where clients reach the service. */
  declare readonly url: pulumi.Output<string>;
  /** The release that each host runs, by host name. */
  declare readonly releases: pulumi.Output<Record<string, string>>;
  /** How long the last roll took. */
  declare readonly durationSeconds: pulumi.Output<number>;
  /** The path of the report of the last roll, on the machine that rolled; `null` if no records are kept. */
  declare readonly report: pulumi.Output<string | null>;
  /** The last rolls, newest first; `null` if no records are kept. */
  declare readonly history: pulumi.Output<readonly HistoryEntry[] | null>;
  /** What clients got during the last roll, as nginx counted it; `null` if nothing was counted. */
  declare readonly ledger: pulumi.Output<LedgerFigures | null>;

  constructor(name: string, args: RollingDeploymentArgs, options?: pulumi.CustomResourceOptions) {
    const filledByRoll = {
      url: undefined,
      releases: undefined,
      durationSeconds: undefined,
      report: undefined,
      history: undefined,
      ledger: undefined,
    };
    // URLs and headers may be all that is needed to post or to ask. In the state, only a whole input can be secret.
    const secrets = {
      ...(args.notify && { notify: pulumi.secret(args.notify) }),
      ...(args.analysisChecks && { analysisChecks: pulumi.secret(args.analysisChecks) }),
    };
    super("RollingDeployment", load, name, { ...args, ...secrets, ...filledByRoll }, options);
    // Pulumi warns of a stack output that is undefined, and is silent about null.
    this.report = orNull(this.report);
    this.history = orNull(this.history);
    this.ledger = orNull(this.ledger);
  }
}

function orNull<T>(output: pulumi.Output<T | null>): pulumi.Output<T | null> {
  return output.apply((value) => value ?? null) as pulumi.Output<T | null>;
}
