import type { Jar } from "../release/jar.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import type { HealthReport } from "./probe.ts";

/** What a host says of itself at one moment. */
export interface HostState {
  /** The process that runs a release of ours, if there is one. */
  readonly running?: RunningApp;
  /** The release that `current` points to. */
  readonly current?: string;
  /** What last passed all gates here, and what the host goes back to. */
  readonly lastKnownGood?: Revision;
  /** Every release kept on the host. */
  readonly releases: readonly string[];
}

/** What a host is to run, and how it is started. */
export interface Revision {
  readonly release: string;
  /** Fingerprint of JVM options, arguments and environment. */
  readonly launch: string;
}

/** A running application; `launch` tells which JVM options, arguments and environment it was started with. */
export interface RunningApp {
  readonly pid: number;
  readonly release: string;
  readonly launch: string | undefined;
}

/** Who listens on the port of a host, and on that of its health. */
export type PortOwner =
  | { readonly kind: "application"; readonly release: string }
  /** The port is given where it is the one of its health. */
  | { readonly kind: "other"; readonly name: string; readonly port?: number }
  | { readonly kind: "nobody" };

/** One app host, as a roll uses it. */
export interface AppHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Fingerprint of how this host starts the application now. */
  readonly launch: string;
  /** Where the whole log is, for people: a path, or a command that shows it. */
  readonly logPlace: string;

  /** Throws `RollgateError` when the host cannot take part in a roll; changes nothing. */
  preflight(signal: AbortSignal): Promise<void>;
  observe(): Promise<HostState>;
  /** The part of `observe` that gates ask for several times a second. */
  runningApp(): Promise<RunningApp | undefined>;
  /**
   * Puts the jar on the host under `id` and verifies its hash there; a whole release that is there is left alone.
   * Without a jar the release must be there already.
   */
  stage(id: string, jar: Jar | undefined, signal: AbortSignal): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceSeconds`; tells whether it had to kill. */
  stop(graceSeconds: number): Promise<{ killed: boolean }>;
  /** Points `current` at a release, atomically. */
  switchTo(id: string): Promise<void>;
  /** Starts what `current` points to, in the way that the fingerprint stands for; throws if it is not known here. */
  start(launch: string): Promise<void>;
  /** How a fingerprint says the application is started; `undefined` when the host no longer knows it. */
  recallLaunch(launch: string): Promise<LaunchSpec | undefined>;
  /** Records what has passed all gates. */
  markLastKnownGood(revision: Revision): Promise<void>;
  /** Asks the application's own health endpoint once; never throws. */
  probe(signal: AbortSignal): Promise<HealthReport>;
  /** Who answers on the port: an application of this host, somebody else (named), or nobody. */
  portOwner(): Promise<PortOwner>;
  /** Where the application itself listens, such as `0.0.0.0:9000`; nothing where that cannot be seen. */
  listening(): Promise<readonly string[]>;
  /** The last lines that the application wrote. */
  logTail(lines: number): Promise<string[]>;
  /**
   * Removes releases beyond `keep`: first those that never ran, then those that ran longest ago; never what
   * runs, is current or last known good, nor `spared`.
   */
  prune(keep: number, spared: readonly Revision[]): Promise<void>;
}
