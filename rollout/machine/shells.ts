import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { quote } from "./quote.ts";
import { Shell, type ShellEnd } from "./shell.ts";
import { type CommandOptions, marked, type Printed } from "./shellCommand.ts";

/** If a command has been running for so long, further ones go elsewhere. */
const PATIENCE_MILLISECONDS = 1_500;

/** A command that reads a text, which is no argument of a process: others could see it. */
export function given(text: string, command: string): string {
  // Built into every sh. It may fail, since a command may end before it has read everything.
  return `{ printf %s ${quote(text)}; } 2>/dev/null | ${command}`;
}

/** A command for the shell that is about to be opened. */
interface First {
  readonly command: string;
  readonly options: CommandOptions;
  readonly resolve: (printed: Promise<Printed>) => void;
}

/** How shells are started and ended. */
export interface ShellOptions extends ShellEnd {
  /** Starts `sh`. If that takes a while, it prints something as soon as it is there. */
  open(): ChildProcessWithoutNullStreams;
  /**
   * Starts `sh` with commands that it runs first, one a line, where they are answered sooner than if they were sent later.
   * Shells that `open` starts print something then.
   */
  openWith?(commands: string): ChildProcessWithoutNullStreams;
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
  #first: First[] = [];

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  /** Opens so many in advance, because opening one takes two round trips. */
  prepare(count: number): void {
    while (this.#size < Math.min(count, this.#options.most)) this.#another();
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
    const [first, second] = this.#quick();
    const shell = options.mayWait && !second ? undefined : first;
    if (shell?.isReady || !this.#options.openWith || options.isSecret)
      return (shell ?? this.#another() ?? this.#idle()[0])?.run(command, options);
    return this.#begin(command, options) ?? (shell ?? this.#idle()[0])?.run(command, options);
  }

  close(): void {
    for (const shell of this.#all) shell.end();
  }

  /** With the one that is about to be opened. */
  get #size(): number {
    return this.#all.size + Number(this.#first.length > 0);
  }

  #idle(): Shell[] {
    return [...this.#all]
      .filter(({ length }) => length === 0)
      .toSorted((one, other) => Number(other.isReady) - Number(one.isReady));
  }

  /** Those that have nothing to do come first, or else soon. */
  #quick(): Shell[] {
    const { commands = 1 } = this.#options;
    return [...this.#all]
      .filter((shell) => shell.length < commands && shell.isQuick(PATIENCE_MILLISECONDS))
      .toSorted((one, other) => Number(other.isReady) - Number(one.isReady) || one.length - other.length);
  }

  /** Opens a shell with all commands that come at once; `undefined` if there may be no more shells. */
  #begin(command: string, options: CommandOptions): Promise<Printed> | undefined {
    const { most, commands = 1 } = this.#options;
    if (options.mayWait || commands === 1) return this.#openWith([{ command, options }])?.[0];
    if ((this.#first.length === 0 && this.#size >= most) || this.#first.length >= commands) return undefined;
    return new Promise((resolve) => {
      if (this.#first.push({ command, options, resolve }) > 1) return;
      setImmediate(() => {
        const first = this.#first;
        this.#first = [];
        const printed = this.#openWith(first);
        for (const [index, { resolve }] of first.entries())
          resolve(printed?.[index] ?? Promise.resolve({ code: undefined, stdout: "", stderr: "" }));
      });
    });
  }

  #openWith(first: readonly Omit<First, "resolve">[]): Promise<Printed>[] | undefined {
    const { openWith } = this.#options;
    const lines = first.map(({ command }) => marked(command));
    const shell = openWith && this.#another(() => openWith(lines.map(({ line }) => line).join("")));
    return shell && first.map(({ options }, index) => shell.expect(lines[index]?.mark ?? "", options));
  }

  #another(open = () => this.#options.open()): Shell | undefined {
    if (this.#size >= this.#options.most) return undefined;
    const shell = new Shell(open(), this.#options, () => this.#all.delete(shell));
    this.#all.add(shell);
    return shell;
  }
}
