import type { Machine } from "../machine/machine.ts";
import type { Neighbour } from "./neighbours.ts";
import type { GroupedNginxAccess } from "./nginxAccess.ts";
import type { NginxConfiguration } from "./nginxConfiguration.ts";
import type { TlsFiles } from "./tls/tryCertificate.ts";

/** An nginx that serves a configuration of ours, or the part of one. */
export interface NginxServer {
  readonly access: GroupedNginxAccess & { close(): Promise<void> };
  readonly machine: Machine;
  /** Whether other programs or stacks decide what else it serves, and whether it runs at all. */
  readonly isForeign: boolean;
  /** Throws a one-line error if the machine is not ready; changes nothing. */
  preflight(): Promise<void>;
  /** Whether nginx has bound its ports. */
  isRunning(): Promise<boolean>;
  /** What nginx would serve after a restart, with a comment if that was edited or not confirmed; `undefined` if nothing. */
  served(): Promise<string | undefined>;
  /** Makes nginx close each client connection after its next answer, or stops that. */
  closeConnections(on: boolean): Promise<void>;
  /** Writes a configuration next to the current one and lets nginx test it; throws with nginx's own message. */
  propose(configuration: NginxConfiguration): Promise<void>;
  /** Lets nginx load a certificate and its key under its own account; throws `InvalidInput`. */
  tryCertificate?(files: TlsFiles): Promise<void>;
  /** Replaces the current configuration with the proposed one, keeps the old one, and starts or reloads nginx. */
  apply(): Promise<void>;
  /** Restores the old configuration, or removes the new one if there was none; returns whether there was one. */
  restore(): Promise<boolean>;
  reload(): Promise<void>;
  /** Removes the old configuration. */
  forgetKept(): Promise<void>;
  /** Removes the old configuration, and files that this one doesn't use. */
  commit(configuration: NginxConfiguration): Promise<void>;
  /** The last error in nginx's log. */
  lastError(): Promise<string>;
  /** Sees to it that a long access log is replaced, unless somebody else does. */
  keepLog(): Promise<void>;
  /** Stops nginx once its requests are finished, unless it is somebody else's. */
  quit(graceSeconds: number): Promise<void>;
  /** Removes our files. */
  removeFiles(): Promise<void>;
  /** The other stacks behind the same nginx. */
  neighbours(): Promise<readonly Neighbour[]>;
  /** Which process listens where nginx should, for a message; it may be nginx itself. */
  portHolder(port?: number): Promise<string | undefined>;
  /** The same for the port that only the rollout uses. */
  controlPortHolder(): Promise<string | undefined>;
}
