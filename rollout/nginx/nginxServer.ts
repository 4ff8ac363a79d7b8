import type { NginxAccess } from "./nginxAccess.ts";
import type { NginxConfiguration } from "./renderConfiguration.ts";

/** One nginx whose configuration is ours; every kind of host has its own way to write, test and reload it. */
export interface NginxServer {
  readonly access: NginxAccess;
  /** Where commands are repeated after a connection broke: what they ask first. */
  fence?(assertHeld: () => Promise<void>): void;
  /** Whether there is a master that has bound its ports: one that is started again and again never gets that far. */
  isRunning(): Promise<boolean>;
  /** The configuration that is there, as `servedConfiguration` gives it; `undefined` where there is none. */
  served(): Promise<string | undefined>;
  /** Has nginx close each client connection with its next answer, or no longer. */
  closeConnections(on: boolean): Promise<void>;
  /** Writes a configuration and its scripts beside the served one and has nginx test it; throws with nginx's own words. */
  propose(configuration: NginxConfiguration): Promise<void>;
  /** Puts the proposed configuration in place of the served one, which is kept, and starts or reloads nginx. */
  apply(): Promise<void>;
  /** Puts the kept one back, or takes the new one away where there was none; tells whether there was one. */
  restore(): Promise<boolean>;
  /** Has nginx read again what is there. */
  reload(): Promise<void>;
  /** Ends what a start that failed has left, so that it is not tried for ever. */
  stop(): Promise<void>;
  /** Forgets the kept one. */
  forgetKept(): Promise<void>;
  /** Forgets the kept one, and the scripts that this one does not name. */
  commit(configuration: NginxConfiguration): Promise<void>;
  /** The last thing that nginx itself complained about. */
  lastError(): Promise<string>;
}
