import type { Machine } from "../machine/machine.ts";
import type { SshHostDescriptor } from "../request/descriptors.ts";
import { ProcessSupervisor } from "./processSupervisor.ts";
import { SystemdSupervisor } from "./systemdSupervisor.ts";

/** What starts and ends the application of one host on its server. */
export interface Supervisor {
  /** Throws one line when it could not do so; changes nothing. */
  preflight(): Promise<void>;
  /**
   * A line of `SHOW_PROCESS` for each process that may be the application; and what a script prints that comes after
   * in the same command, with their pids in `$pids`.
   */
  look(more?: string): Promise<{ readonly lines: readonly string[]; readonly printed: string }>;
  /** Runs the file `start` of the host; returns once it has become the JVM, or has ended. */
  start(jar: string): Promise<void>;
  /** SIGTERM, then SIGKILL after the grace; tells whether that was needed. */
  stop(graceSeconds: number): Promise<{ killed: boolean }>;
  logTail(lines: number): Promise<string[]>;
}

/** The one that a descriptor asks for. */
export function supervisorOf(machine: Pick<Machine, "run">, host: SshHostDescriptor): Supervisor {
  return host.supervisor === "systemd"
    ? new SystemdSupervisor(machine, host.unit)
    : new ProcessSupervisor(machine, host.directory);
}

/** Takes apart what a look printed: lines of processes, an empty line, and the rest. */
export function readLook(text: string): { lines: string[]; printed: string } {
  const end = text.indexOf("\n\n");
  const lines = text.slice(0, Math.max(0, end)).split("\n").filter(Boolean);
  return { lines, printed: text.slice(end + 2) };
}
