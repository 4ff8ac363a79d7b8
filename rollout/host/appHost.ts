import type { Command, Ended, Output } from "../hooks/command.ts";
import type { Jar } from "../release/jar.ts";
import type { StartupCache } from "../startupCache/startupCache.ts";
import type { Seen } from "./lastSeen.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import type { HealthReport } from "./probe.ts";

/** What a host reports about itself at one moment. */
export interface HostState {
  /** The process in the first slot that runs a release, if there is one. */
  readonly running?: RunningApp;
  /** The same in the second slot. */
  readonly second?: RunningApp;
  /** The release that `current` points to. */
  readonly current?: string;
  /** What last passed all gates here, and so what the host goes back to. */
  readonly lastKnownGood?: Revision;
  /** Every release kept on the host. */
  readonly releases: readonly string[];
  /** The room for a release that is to be staged, if that was asked and can be told. */
  readonly room?: DiskRoom;
}

/** The disk that a release is to be staged on. */
export interface DiskRoom {
  readonly freeBytes: number;
  /** What is there of the release already. */
  readonly heldBytes: number;
  /** Hosts on one disk have the same. */
  readonly disk: string;
}

/** What a host should run, and how it is started. */
export interface Revision {
  readonly release: string;
  /** Fingerprint of JVM options, arguments and environment. */
  readonly launch: string;
}

/** How far a start came. */
export interface Begun {
  /** How long the switch of `current` took, in milliseconds, if it was made. */
  readonly switched?: number;
  readonly failure?: unknown;
  /** Whether the switch is what failed. */
  readonly isSwitch?: boolean;
}

/** A running application; `launch` is the fingerprint of the options, arguments and environment it was started with. */
export interface RunningApp {
  readonly pid: number;
  readonly release: string;
  readonly launch: string | undefined;
}

/** Who listens on the port of a host and on its health port. */
export type PortOwner =
  | { readonly kind: "application"; readonly release: string }
  /** `port` is set if it is the health port. */
  | { readonly kind: "other"; readonly name: string; readonly port?: number }
  | { readonly kind: "nobody" };

/** Memory of a machine, in bytes. */
export interface MemoryRoom {
  readonly availableBytes: number;
  /** What the running application uses, or its limit if it has one. */
  readonly neededBytes: number;
}

/** A place for one JVM on a host: an address and a port. */
export interface Slot {
  /** The host's own name for its first slot; unique in the fleet. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Where people find the full log: a path, or a command that shows it. */
  readonly logPlace: string;

  /** Called several times a second by gates. */
  runningApp(): Promise<RunningApp | undefined>;
  /** Sends SIGTERM, then SIGKILL after `graceSeconds`; returns whether it had to kill. */
  stop(graceSeconds: number): Promise<{ killed: boolean }>;
  /** The same, and makes sure that a reboot doesn't start it again, because another slot serves. */
  stopForGood(graceSeconds: number): Promise<{ killed: boolean }>;
  /**
   * Writes what the start of a revision needs, so that nothing is left to be asked once `current` points to it; throws if
   * the port is taken, or if the host does not know the options behind the fingerprint.
   */
  prepare(revision: Revision): Promise<void>;
  /**
   * Starts what `current` points to, with the options behind the fingerprint; unless that was prepared, prepares it first.
   * Waits for `assertHeld` while it looks, before it changes anything, and again right before the start.
   */
  start(launch: string, assertHeld?: () => Promise<void>): Promise<void>;
  /**
   * Prepares a start, makes the release the current one and starts it in a single trip to the machine; `undefined` if
   * nothing was done, because the slot can't or its port may be taken.
   */
  startInOneTrip?(revision: Revision): Promise<Begun | undefined>;
  /** Called once the application has passed its gates: from now on, restart it after a crash or a reboot if possible. */
  keepRunning(): Promise<void>;
  /** Asks the application's own health endpoint once; never throws. */
  probe(signal: AbortSignal): Promise<HealthReport>;
  /**
   * Resolves once something listens at the port of that endpoint, or rejects as `signal` aborts. Absent if such a look costs as
   * much as a question.
   */
  readonly untilListening?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Requests a page from the application, over the same way as its health, and returns the status. */
  visit(path: string, signal: AbortSignal): Promise<number>;
  /** Who listens on the port: an application of this host, another process (by name), or nobody. */
  portOwner(): Promise<PortOwner>;
  /** Where the application itself listens, such as `0.0.0.0:9000`; empty if that cannot be seen. */
  listening(): Promise<readonly string[]>;
  /** The last lines of the application's log. */
  logTail(lines: number): Promise<string[]>;
  /** Whether another JVM like the one that runs here would fit beside it; `undefined` if that cannot be told. */
  memory(): Promise<MemoryRoom | undefined>;
}

/** One app host, as a roll uses it; the host itself is its first slot. */
export interface AppHost extends Slot {
  /** Where a new JVM can start beside the old one. */
  readonly second?: Slot;
  /** Hosts of different zones are never rolled side by side. */
  readonly zone?: string;
  /** What it shares with other hosts on the same machine; absent if it may share a machine with any. */
  readonly machine?: unknown;
  /** Fingerprint of how this host would start the application now, in either slot. */
  readonly launch: string;
  /** Absent if the host starts releases as they are. */
  readonly startupCache?: Omit<StartupCache, "copyFrom" | "machine"> &
    Partial<Pick<StartupCache, "copyFrom" | "machine">>;

  /** Throws `RollgateError` if the host cannot take part in a roll; changes nothing. */
  preflight(signal: AbortSignal): Promise<void>;
  /** What it was last seen to run, and in which slot, if that is remembered: a guess, for which it is not asked. */
  lastSeen?(): Promise<Seen | undefined>;
  /** `staging` is a release that may have to be staged: it asks for the room for it, too. */
  observe(staging?: string): Promise<HostState>;
  /** Whether the release is there already and its hash is right; absent if only `stage` looks. */
  holds?(id: string): Promise<boolean>;
  /**
   * Puts the jar on the host under `id` and verifies its hash there; an intact release that is there already is left
   * alone. Without a jar, the release must be there already. `asked` is the question whether it is, if that has begun.
   */
  stage(
    id: string,
    jar: Jar | undefined,
    signal: AbortSignal,
    asked?: Promise<boolean | undefined>,
  ): Promise<void>;
  /**
   * Runs a command on the host's machine, or in a container like the host's, with the application's environment and a
   * release that is staged there but need not be running; ROLLGATE_JAR is its archive, ROLLGATE_JAVA the java command.
   */
  runTask(release: string, command: Command, output: Output): Promise<Ended>;
  /** Points `current` at a release atomically. */
  switchTo(id: string): Promise<void>;
  /** The options behind a fingerprint; `undefined` if the host no longer knows them. */
  recallLaunch(launch: string): Promise<LaunchSpec | undefined>;
  /** Records that a revision has passed all gates. */
  markLastKnownGood(revision: Revision): Promise<void>;
  /**
   * Removes releases beyond `keep`: first those that never ran, then those that ran longest ago; never the running,
   * the current or the last known good one, nor `spared`. `known` is what it reported a moment ago.
   */
  prune(keep: number, spared: readonly Revision[], known?: HostState): Promise<void>;
}
