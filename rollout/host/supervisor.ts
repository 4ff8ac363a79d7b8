import type { Turn } from "../machine/runInTurn.ts";
import type { WrittenFile } from "../machine/writeFile.ts";
import type { Launch } from "../request/launch.ts";
import type { MemoryRoom, PortOwner, Revision, RunningApp } from "./appHost.ts";
import type { LaunchSpec } from "./launchSpec.ts";

/** A script that starts an application, and who hears what it printed. */
export interface StartTurn extends Turn {
  started(printed: string): void;
}

/** Starts, watches and stops the application of one host, and is responsible for nothing else. */
export interface Supervisor {
  /** Where people find the full log. */
  readonly logPlace: string;
  /** Throws a one-line error if it could not start anything; at most creates empty folders. */
  preflight(launch: Launch): Promise<void>;
  /** Called several times a second by gates. */
  running(): Promise<RunningApp | undefined>;
  portOwner(): Promise<PortOwner>;
  listening(): Promise<readonly string[]>;
  /**
   * Returns the files of the host that `start` needs; `startupCache` says whether it may use the release's unpacked files
   * and recorded classes.
   */
  prepare(revision: Revision, spec: LaunchSpec, startupCache?: boolean): Promise<readonly WrittenFile[]>;
  /** Returns once the application is running, long before it is ready, or has exited. */
  start(revision: Revision, spec: LaunchSpec): Promise<void>;
  /** The same as one of several scripts, if it is one script on the host's machine. */
  turnToStart?(revision: Revision): StartTurn;
  /** Sends SIGTERM, then SIGKILL after the grace period; returns whether that was needed. */
  stop(graceSeconds: number): Promise<{ readonly killed: boolean }>;
  /** The same, and makes sure that a reboot doesn't start it again. */
  stopForGood(graceSeconds: number): Promise<{ readonly killed: boolean }>;
  /** Whether another JVM like the running one would fit beside it; `undefined` if that cannot be told. */
  memory(): Promise<MemoryRoom | undefined>;
  /** Called once the application has passed its gates: from now on, restart it after a crash or a reboot if possible. */
  keepRunning(): Promise<void>;
  /** The last lines of the log, taken from a bounded number of bytes. */
  logTail(lines: number): Promise<string[]>;
}
