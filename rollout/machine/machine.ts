import type { Duplex, Readable } from "node:stream";
import { RollgateError } from "../common/errors.ts";

/** How one command runs. */
export interface RunOptions {
  /** The command's standard input. */
  readonly input?: Readable;
  readonly deadlineSeconds?: number;
  readonly signal?: AbortSignal | undefined;
  /** May be repeated after a broken connection whoever holds the lease: it only reads, or manages the lease itself. */
  readonly unfenced?: boolean;
}

/** Where drivers run commands and open connections: this machine, a container, a server. */
export interface Machine {
  /** For messages. */
  readonly name: string;
  /** Whether it sees the deployer's files under their paths. */
  readonly sharesFiles?: boolean;
  /** How often a connection to it was opened, if it needs one: if the number grows, the connection broke in between. */
  readonly opened?: number;
  /**
   * Runs a POSIX shell script with arguments `$1`, `$2`, …, which are never part of its text; returns its standard
   * output. Throws `CommandFailed` if it exits with a code other than 0.
   */
  run(script: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** Connects to a TCP port as seen from the machine. */
  connect(address: string, port: number): Promise<Duplex>;
  /** The same for a port that will be asked soon: if the machine is far away, so many are opened in advance. */
  connectAhead?(address: string, port: number, count: number): PortAhead;
  /** Called before a script that may change something is run again: by then, someone else may hold the lease. */
  fence?(assertHeld: () => Promise<void>): void;
}

/** Connections to a port of a machine, some of which may be opened before they are needed. */
export interface PortAhead {
  connect(): Promise<Duplex>;
  /** Whether there is one that nobody has taken; it may be on its way yet, and be refused. */
  readonly hasMore: boolean;
  /** Something will listen there soon: if the machine is far away, it tries to connect until `over`. */
  listensSoon(over: Promise<unknown>): void;
}

/** A command exited with a code other than 0; the message is the last line it wrote to standard error. */
export class CommandFailed extends RollgateError {
  readonly exitCode: number;

  constructor(machine: string, exitCode: number, stderr: string) {
    const words = stderr.trim().split("\n").at(-1);
    super("command-failed", words || `a command in ${machine} ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Connecting to a machine failed, or the connection broke; retrying may help. */
export class MachineUnreachable extends RollgateError {
  constructor(message: string) {
    super("machine-unreachable", message);
  }
}

/** Exit code our scripts use for "not found". */
export const NOT_THERE = 44;
