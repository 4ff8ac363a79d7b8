import type { RollgateError } from "#rollout/common/errors.ts";
import type { LeaseStore } from "#rollout/lease/lease.ts";
import type { NginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import type { ProxyPlace } from "#rollout/request/places.ts";
import type { Placed } from "./placed.ts";
import type { NginxPart, ServingInputs } from "./servingInputs.ts";

/** The nginx of one kind. */
export interface NginxKind extends Placed<ProxyPlace & ServingInputs, OpenNginx> {
  /** Settings that only affect how it is reached or started. */
  readonly ways: readonly string[];
  /** Because two can't have the same port. */
  readonly deleteBeforeReplace?: true;
  /** Pulumi creates and removes it with its container. */
  readonly isPulumis?: true;
  /** Removes what rolls have left beside it, though Pulumi removes the nginx itself. */
  removeLeftovers?(inputs: object): Promise<void>;
}

/** An nginx that must be closed after use. */
export interface OpenNginx {
  readonly id: string;
  /** For messages about what it supports. */
  readonly name: string;
  readonly server: NginxServer;
  readonly leases: LeaseStore;
  /** Whether other programs could listen on its port. */
  readonly sharesPorts: boolean;
  /** Throws `InvalidInput` if it can't serve these inputs beside what else it serves, or not at all. */
  refuse?(inputs: ServingInputs): Promise<void>;
  /** The command that starts nginx, if it runs under the account that this runs commands as. */
  readonly command?: string;
  /** Keeps copies of a certificate, or none, where nginx's account can read them, if nobody else does. */
  keepCopies?(files: TlsFiles | undefined, account: string): Promise<void>;
  /** `undefined` if there is no nginx to ask yet, as in a first preview; throws `InvalidInput` if a setting is wrong. */
  abilities(): Promise<NginxAbilities | undefined>;
  /** Its part of the configuration. */
  settings(): Promise<NginxPart>;
  /** Why it can't serve if there was no nginx to ask. */
  unknown(): Promise<RollgateError>;
  close(): Promise<void>;
}
