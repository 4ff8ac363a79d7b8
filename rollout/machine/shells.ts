import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { quote } from "./quote.ts";
import { Shell, type ShellEnd } from "./shell.ts";
import type { CommandOptions, Printed } from "./shellCommand.ts";

/** If a command has been running for so long, further ones go elsewhere. */
const PATIENCE_MILLISECONDS = 1_500;

/** A command that reads a text, which is no argument of a process: others could see it. */
export function given(text: string, command: string): string {
  // Built into every sh. It may fail, since a command may end before it has read everything.
  return `{ printf %s ${quote(text)}; } 2>/dev/null | ${command}`;
}

/** How shells are started and ended. */
export interface ShellOptions extends ShellEnd {
  /** Starts `sh`. If that takes a while, it prints something as soon as it is there. */
  open(): ChildProcessWithoutNullStreams;
  /** How many there are at most. */
  readonly most: number;
  /** How many commands one may have at once: one that runs, and others after it. */
  readonly commands?: number;
}

/**
 * Shells on a machine that run one command after the other. To start a process for each costs several times as long as
 * most of our commands take: on a server, a session is a process here and three there, and two round trips.
 */
export class Shells {
  readonly #options: ShellOptions;
  readonly #all = new Set<Shell>();

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  /** Opens so many in advance, because opening one takes two round trips. */
  prepare(count: number): void {
    while (this.#all.size < Math.min(count, this.#options.most)) this.#another();
  }

  /** Takes in one that was started otherwise, and that has nothing to do. */
  adopt(shell: ChildProcessWithoutNullStreams): void {
    const adopted = this.#another(() => shell);
    if (adopted) adopted.isReady = true;
  }

  /**
   * Runs a command in a shell that has nothing else to do, or soon will have; `undefined` when all are busy. One that may
   * wait leaves the last shell that is there to others.
   */
  run(command: string, options: CommandOptions): Promise<Printed> | undefined {
    return (options.mayWait ? this.#forLong() : this.#forShort())?.run(command, options);
  }

  close(): void {
    for (const shell of this.#all) shell.end();
  }

  #forShort(): Shell | undefined {
    const { commands = 1 } = this.#options;
    const [first] = [...this.#all]
      .filter((shell) => shell.length < commands && shell.isQuick(PATIENCE_MILLISECONDS))
      .toSorted((one, other) => Number(other.isReady) - Number(one.isReady) || one.length - other.length);
    return first ?? this.#another();
  }

  #forLong(): Shell | undefined {
    const idle = [...this.#all].filter(({ length }) => length === 0);
    const ready = idle.find(({ isReady }) => isReady);
    return (idle.length > 1 ? ready : undefined) ?? this.#another() ?? idle[0];
  }

  #another(open = () => this.#options.open()): Shell | undefined {
    if (this.#all.size >= this.#options.most) return undefined;
    const shell = new Shell(open(), this.#options, () => this.#all.delete(shell));
    this.#all.add(shell);
    return shell;
  }
}
