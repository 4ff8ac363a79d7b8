import type { Duplex, Readable } from "node:stream";
import { RollgateError } from "../common/errors.ts";

/** How one command runs. */
export interface RunOptions {
  /** Given to the command as its standard input. */
  readonly input?: Readable;
  readonly deadlineSeconds?: number;
  readonly signal?: AbortSignal | undefined;
  /** May be repeated after a broken connection whoever holds the lease: it only asks, or is about the lease itself. */
  readonly unfenced?: boolean;
}

/** Where a driver runs commands and opens connections: a container, a server. */
export interface Machine {
  /** For messages. */
  readonly name: string;
  /** Whether files of the deployer's machine can be copied there by their path. */
  readonly sharesFiles?: boolean;
  /** How often a connection to it was opened, where it needs one: more than before means that it broke meanwhile. */
  readonly opened?: number;
  /**
   * Runs a POSIX shell script, its arguments as `$1`, `$2`, …, never as text of the script; gives its standard
   * output. Throws `CommandFailed` when it exits with something other than 0.
   */
  run(script: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** A stream of bytes to and from a TCP port, as seen from there. */
  connect(address: string, port: number): Promise<Duplex>;
  /** Asked before a script that may change something is run again: somebody else may hold the lease by then. */
  fence?(assertHeld: () => Promise<void>): void;
}

/** A command of ours ended with something other than 0; the message is the last line that it wrote about it. */
export class CommandFailed extends RollgateError {
  readonly exitCode: number;

  constructor(machine: string, exitCode: number, stderr: string) {
    const words = stderr.trim().split("\n").at(-1);
    super("command-failed", words || `a command in ${machine} ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** The connection to a machine could not be made or broke; trying again may help. */
export class MachineUnreachable extends RollgateError {
  constructor(message: string) {
    super("machine-unreachable", message);
  }
}

/** Written for an exit code that a script of ours uses to say that something is not there. */
export const NOT_THERE = 44;
