import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { MarkedText } from "./markedText.ts";
import { type CommandOptions, marked, type Printed, ShellCommand } from "./shellCommand.ts";

/** How a shell ends. */
export interface ShellEnd {
  /** Ends it and whatever it runs. */
  kill(shell: ChildProcessWithoutNullStreams): void;
  /** One that has had nothing to do for so long ends; for ever unless given. */
  readonly idleMilliseconds?: number | undefined;
}

/**
 * A shell that runs one command after the other. More may be sent while one runs, so several take one round trip. If its
 * client is gone, those that wait don't run any more, since each begins with a word that has nowhere to go.
 */
export class Shell {
  /** Whether anything has come from there. */
  isReady = false;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #end: ShellEnd;
  readonly #forget: () => void;
  readonly #stdout = new MarkedText();
  readonly #stderr = new MarkedText();
  /** What it runs, and what it will run after that. */
  readonly #commands: ShellCommand[] = [];
  #hasEnded = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(shell: ChildProcessWithoutNullStreams, end: ShellEnd, forget: () => void) {
    this.#process = shell;
    this.#end = end;
    this.#forget = forget;
    shell.stdin.on("error", () => {});
    shell.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.isReady = true;
      this.#stdout.add(text);
      this.#look();
    });
    shell.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr.add(text);
      this.#look();
    });
    const ended = () => {
      forget();
      this.#giveUp();
    };
    shell.once("close", ended).once("error", ended);
    this.#keepProcess(false);
  }

  /** How many commands it has. */
  get length(): number {
    return this.#commands.length;
  }

  /** Whether one more has its turn soon, as far as is known. */
  isQuick(patienceMilliseconds: number): boolean {
    return this.#commands.every(
      ({ mayWait, milliseconds }) => !mayWait && milliseconds < patienceMilliseconds,
    );
  }

  /** The command may not read its input, which is where the shell gets its commands from. */
  run(command: string, options: CommandOptions): Promise<Printed> {
    const { mark, line } = marked(command);
    this.#process.stdin.write(line);
    return this.expect(mark, options);
  }

  /** Waits for a command that it has been given already. */
  expect(mark: string, options: CommandOptions): Promise<Printed> {
    const added = new ShellCommand(mark, options, () => this.#leaveAbandoned());
    clearTimeout(this.#idle);
    this.#keepProcess(true);
    this.#commands.push(added);
    if (this.#hasEnded) this.#giveUp();
    else this.#begin();
    return added.printed;
  }

  /** Ends it, whatever it runs. */
  end(): void {
    clearTimeout(this.#idle);
    this.#forget();
    this.#process.stdin.end();
    this.#end.kill(this.#process);
    // The shared connection holds these open for as long as a command runs there.
    this.#process.stdout.destroy();
    this.#process.stderr.destroy();
    this.#giveUp();
  }

  /** Looks what has ended. */
  #look(): void {
    for (;;) {
      const [command] = this.#commands;
      if (!command || !this.#stderr.hasEnded(command.mark)) return;
      const stdout = this.#stdout.take(command.mark);
      const stderr = stdout && this.#stderr.take(command.mark);
      if (!stdout || !stderr) return;
      this.#commands.shift();
      const begin = `${command.mark}\n`;
      const begun = stdout.text.indexOf(begin) + begin.length;
      command.settle({ code: stdout.code, stdout: stdout.text.slice(begun), stderr: stderr.text });
      if (this.#commands.length === 0) this.#rest();
      else if (!this.#leaveAbandoned()) this.#begin();
    }
  }

  #begin(): void {
    this.#commands[0]?.begin(() => this.end());
  }

  /** Ends it if nobody waits for anything in it; returns whether that is so. */
  #leaveAbandoned(): boolean {
    const isAbandoned = this.#commands.every((command) => command.isAbandoned);
    if (isAbandoned) this.end();
    return isAbandoned;
  }

  /** Nothing more will come. */
  #giveUp(): void {
    this.#hasEnded = true;
    const stderr = this.#stderr.rest;
    for (const command of this.#commands.splice(0))
      command.settle({ code: undefined, stdout: this.#stdout.rest, stderr });
    this.#keepProcess(false);
  }

  #rest(): void {
    this.#keepProcess(false);
    const { idleMilliseconds } = this.#end;
    if (idleMilliseconds !== undefined)
      this.#idle = setTimeout(() => this.#leave(), idleMilliseconds).unref();
  }

  /** Lets it end by itself. */
  #leave(): void {
    this.#forget();
    this.#process.stdin.end();
  }

  /** A shell that waits for a command does not keep this process. */
  #keepProcess(keeps: boolean): void {
    for (const handle of [this.#process, this.#process.stdin, this.#process.stdout, this.#process.stderr]) {
      const { ref, unref } = Object(handle);
      (keeps ? ref : unref)?.call(handle);
    }
  }
}
