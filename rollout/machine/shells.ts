import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import { quote } from "./quote.ts";

/** What a command printed; without a code when the connection broke first. */
export interface Printed {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A mark and an exit code are shorter. */
const LONGEST_END = 100;

/** A command that reads a text, which is no argument of a process: others could see it. */
export function given(text: string, command: string): string {
  // Built into every sh. It may fail, since a command may end before it has read everything.
  return `{ printf %s ${quote(text)}; } 2>/dev/null | ${command}`;
}

/** How shells are started and ended. */
export interface ShellOptions {
  /** Starts `sh`. */
  open(): ChildProcessWithoutNullStreams;
  /**
   * Starts `sh` with a command that it runs first, where that takes less time than to send it later. Shells that `open`
   * starts print something then, as soon as they are there.
   */
  openWith?(command: string): ChildProcessWithoutNullStreams;
  /** Ends it and whatever it runs. */
  kill(shell: ChildProcessWithoutNullStreams): void;
  /** How many there are at most. */
  readonly most: number;
  /** One that has had nothing to do for so long ends; for ever unless given. */
  readonly idleMilliseconds?: number;
}

/**
 * Shells on a machine that run one command after the other. To start a process for each costs several times as long as
 * most of our commands take: on a server, a session is a process here and three there.
 */
export class Shells {
  readonly #options: ShellOptions;
  readonly #all = new Set<Shell>();

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  /** Opens so many in advance, or as many as may be open, because opening one takes two round trips. */
  prepare(count = this.#options.most): void {
    while (this.#all.size < count && this.#another());
  }

  /** Takes in one that was started otherwise, and that has nothing to do. */
  adopt(shell: ChildProcessWithoutNullStreams): void {
    const adopted = this.#another(() => shell);
    if (adopted) adopted.isReady = true;
  }

  /**
   * Runs a command in a shell that has nothing else to do; `undefined` when all are busy. A new shell may begin with it,
   * unless it is `secret`: others could see it there.
   */
  run(command: string, signal: AbortSignal, secret = false): Promise<Printed> | undefined {
    const { openWith } = this.#options;
    const idle = [...this.#all].filter(({ isBusy }) => !isBusy);
    const ready = idle.find(({ isReady }) => isReady);
    if (ready || !openWith || secret) return (ready ?? idle[0] ?? this.#another())?.run(command, signal);
    const marked = between(command);
    return this.#another(() => openWith(marked.command))?.result(marked.mark, signal);
  }

  close(): void {
    for (const shell of this.#all) shell.end();
  }

  #another(open = () => this.#options.open()): Shell | undefined {
    if (this.#all.size >= this.#options.most) return undefined;
    const shell = new Shell(open(), this.#options, () => this.#all.delete(shell));
    this.#all.add(shell);
    return shell;
  }
}

/** A command with marks around what it prints. */
function between(command: string): { readonly command: string; readonly mark: string } {
  const mark = randomUUID();
  const end = `printf '\\n${mark}:%s' $?; printf '\\n${mark}' >&2`;
  return { mark, command: `{ printf '%s\\n' ${mark}; ${command}; ${end}; } < /dev/null` };
}

class Shell {
  /** Whether anything has come from there. */
  isReady = false;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #options: ShellOptions;
  readonly #forget: () => void;
  #stdout = "";
  /** What it ends in: a slice of all of it would copy all of it. */
  #end = "";
  #stderr = "";
  #hasEnded = false;
  #idle: NodeJS.Timeout | undefined;
  /** Looks whether the command that runs has ended. */
  #onOutput: (() => void) | undefined;

  constructor(shell: ChildProcessWithoutNullStreams, options: ShellOptions, forget: () => void) {
    this.#process = shell;
    this.#options = options;
    this.#forget = forget;
    shell.stdin.on("error", () => {});
    shell.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.isReady = true;
      this.#stdout += text;
      this.#end = `${this.#end}${text}`.slice(-LONGEST_END);
      this.#onOutput?.();
    });
    shell.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#onOutput?.();
    });
    const end = () => {
      forget();
      this.#hasEnded = true;
      this.#onOutput?.();
    };
    shell.once("close", end).once("error", end);
    this.#keepProcess(false);
  }

  get isBusy(): boolean {
    return this.#onOutput !== undefined;
  }

  /** The command may not read its input, which is where the shell gets its commands from. */
  run(command: string, signal: AbortSignal): Promise<Printed> {
    const marked = between(command);
    this.#stdout = "";
    this.#end = "";
    this.#stderr = "";
    this.#process.stdin.write(`${marked.command}\n`);
    return this.result(marked.mark, signal);
  }

  /** Waits for the end of what runs. */
  async result(mark: string, signal: AbortSignal): Promise<Printed> {
    clearTimeout(this.#idle);
    this.#keepProcess(true);
    const stop = () => this.end();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await new Promise((resolve) => {
        this.#onOutput = () => {
          const printed = this.#printed(mark);
          if (printed) resolve(printed);
        };
        this.#onOutput();
      });
    } finally {
      signal.removeEventListener("abort", stop);
      this.#onOutput = undefined;
      this.#keepProcess(false);
      const { idleMilliseconds } = this.#options;
      if (idleMilliseconds !== undefined && !this.#hasEnded)
        this.#idle = setTimeout(() => this.#leave(), idleMilliseconds).unref();
    }
  }

  /** Ends it, whatever it runs. */
  end(): void {
    clearTimeout(this.#idle);
    this.#forget();
    this.#process.stdin.end();
    this.#options.kill(this.#process);
    // The shared connection holds these open for as long as a command runs there.
    this.#process.stdout.destroy();
    this.#process.stderr.destroy();
  }

  /** Lets it end by itself. */
  #leave(): void {
    this.#forget();
    this.#process.stdin.end();
  }

  #printed(mark: string): Printed | undefined {
    const code = new RegExp(`\n${mark}:(\\d+)$`).exec(this.#end)?.[1];
    if (code !== undefined && this.#stderr.endsWith(`\n${mark}`)) {
      const begun = this.#stdout.indexOf(`${mark}\n`) + mark.length + 1;
      return {
        code: Number(code),
        stdout: this.#stdout.slice(begun, this.#stdout.lastIndexOf(`\n${mark}:`)),
        stderr: this.#stderr.slice(0, -mark.length - 1),
      };
    }
    if (!this.#hasEnded) return undefined;
    return { code: undefined, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** A shell that waits for a command does not keep this process. */
  #keepProcess(keeps: boolean): void {
    for (const handle of [this.#process, this.#process.stdin, this.#process.stdout, this.#process.stderr]) {
      const { ref, unref } = Object(handle);
      (keeps ? ref : unref)?.call(handle);
    }
  }
}
