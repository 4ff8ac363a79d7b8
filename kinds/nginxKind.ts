import type { RollgateError } from "#rollout/common/errors.ts";
import type { LeaseStore } from "#rollout/lease/lease.ts";
import type { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import type { NginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import type { Placed } from "./placed.ts";
import type { ServingInputs } from "./servingInputs.ts";

/** The nginx of one kind. */
export interface NginxKind extends Placed<ServingInputs, OpenNginx> {
  /** Settings that only say how it is reached or started. */
  readonly ways: readonly string[];
  /** Two cannot have one port. */
  readonly deleteBeforeReplace?: true;
  /** It comes and goes with a container that Pulumi makes. */
  readonly isPulumis?: true;
}

/** An nginx, and the way to let go of what was opened to reach it. */
export interface OpenNginx {
  readonly id: string;
  /** In messages about what it can do. */
  readonly name: string;
  readonly server: MachineNginxServer;
  readonly leases: LeaseStore;
  /** Whether somebody else may listen where it does. */
  readonly sharesPorts: boolean;
  /** `undefined` while there is nothing to ask, as in a first preview; throws `InvalidInput` where a setting is wrong. */
  abilities(): Promise<NginxAbilities | undefined>;
  /** What is special about its configuration. */
  settings(): Promise<
    Pick<NginxSettings, "directory" | "address" | "port" | "user" | "errorLog" | "pidFile">
  >;
  /** Why it cannot serve, when there was nothing to ask. */
  unknown(): Promise<RollgateError>;
  close(): Promise<void>;
}
