import type { Launch } from "../request/launch.ts";
import type { PortOwner, Revision, RunningApp } from "./appHost.ts";
import type { LaunchSpec } from "./launchSpec.ts";

/** What starts, watches and ends the application of one host, and owns no more of the host than that. */
export interface Supervisor {
  /** Where the whole log is, for people. */
  readonly logPlace: string;
  /** Throws one line when it could not start anything; changes nothing but empty folders of the host. */
  preflight(launch: Launch): Promise<void>;
  /** Gates ask for it several times a second. */
  running(): Promise<RunningApp | undefined>;
  portOwner(): Promise<PortOwner>;
  listening(): Promise<readonly string[]>;
  /** Writes what the start needs. */
  prepare(revision: Revision, spec: LaunchSpec): Promise<void>;
  /** Returns once the application runs, long before it is ready, or has ended by itself. */
  start(revision: Revision, spec: LaunchSpec): Promise<void>;
  /** SIGTERM, then SIGKILL after the grace; tells whether that was needed. */
  stop(graceSeconds: number): Promise<{ readonly killed: boolean }>;
  /** What runs has passed its gates: from here on it is to run again after a crash and a reboot, where that can be had. */
  keepRunning(): Promise<void>;
  /** The last lines of the log, out of a bounded number of bytes. */
  logTail(lines: number): Promise<string[]>;
}

/** How much of the end of a log is read. */
export const LOG_BYTES = 64 * 1024;

/** The lines of a log's end. */
export function linesOfLog(text: string): string[] {
  const written = text.trimEnd();
  return written === "" ? [] : written.split("\n");
}
