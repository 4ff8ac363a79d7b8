import type { z } from "zod";
import type { ServingInputs } from "#provider/servingInputs.ts";
import type { RollgateError } from "#rollout/common/errors.ts";
import type { LeaseStore } from "#rollout/lease/lease.ts";
import type { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import type { NginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";

/** How the nginx of one kind is told from others and reached: all that its resource needs to know. */
export interface NginxKind {
  /** What the program says of it. */
  readonly inputs: z.ZodType<ServingInputs>;
  /** The setting that is to blame when it cannot be asked. */
  readonly asked: string;
  /** Settings that make it another nginx, in which nothing serves yet. */
  readonly place: readonly string[];
  /** Settings that only say how it is reached or started. */
  readonly ways: readonly string[];
  /** Two cannot have one port. */
  readonly deleteBeforeReplace?: true;
  /** `inputs` may be of a state. */
  open(inputs: object): Promise<OpenNginx> | OpenNginx;
  /** More settings that make it another nginx, when that has to be found out. */
  moved?(old: object, next: object): Promise<readonly string[]>;
  /** What the state says is kept while its machine cannot be asked. */
  askOrKeep?<T>(ask: () => Promise<T>, kept: T): Promise<T>;
  /** Removes it, or goes on without it when its machine is gone for good; without it, nginx goes with its container. */
  remove?(inputs: object, remove: () => Promise<void>): Promise<void>;
  /** What the state remembers of it beside its inputs. */
  outputs?(inputs: object): Promise<object>;
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
