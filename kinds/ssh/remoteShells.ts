import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";

/** What a command printed; without a code when the connection broke first. */
export interface Printed {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** OpenSSH allows ten sessions over one connection; commands with a long input have sessions of their own. */
const MOST = 3;
/** A mark and an exit code are shorter. */
const LONGEST_END = 100;

/**
 * Shells on a server that run one command after the other. A session costs a process here and three there, several
 * times as long as most of our commands take.
 */
export class RemoteShells {
  readonly #open: () => ChildProcessWithoutNullStreams;
  readonly #all = new Set<RemoteShell>();

  /** `open` starts `sh` on the server. */
  constructor(open: () => ChildProcessWithoutNullStreams) {
    this.#open = open;
  }

  /** Opens so many in advance, or as many as may be open, because opening one takes three round trips. */
  prepare(count = MOST): void {
    while (this.#all.size < count && this.#another());
  }

  /** Runs a command in a shell that has nothing else to do; `undefined` when all are busy. */
  run(command: string, signal: AbortSignal): Promise<Printed> | undefined {
    const idle = [...this.#all].find(({ isBusy }) => !isBusy) ?? this.#another();
    return idle?.run(command, signal);
  }

  close(): void {
    for (const shell of this.#all) shell.end();
  }

  #another(): RemoteShell | undefined {
    if (this.#all.size >= MOST) return undefined;
    const shell = new RemoteShell(this.#open(), () => this.#all.delete(shell));
    this.#all.add(shell);
    return shell;
  }
}

class RemoteShell {
  readonly #ssh: ChildProcessWithoutNullStreams;
  #stdout = "";
  /** What it ends in: a slice of all of it would copy all of it. */
  #end = "";
  #stderr = "";
  #hasEnded = false;
  /** Looks whether the command that runs has ended. */
  #onOutput: (() => void) | undefined;

  constructor(ssh: ChildProcessWithoutNullStreams, forget: () => void) {
    this.#ssh = ssh;
    ssh.stdin.on("error", () => {});
    ssh.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#end = `${this.#end}${text}`.slice(-LONGEST_END);
      this.#onOutput?.();
    });
    ssh.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#onOutput?.();
    });
    const end = () => {
      forget();
      this.#hasEnded = true;
      this.#onOutput?.();
    };
    ssh.once("close", end).once("error", end);
    this.#keepProcess(false);
  }

  get isBusy(): boolean {
    return this.#onOutput !== undefined;
  }

  /** The command may not read its input, which is where the shell gets its commands from. */
  async run(command: string, signal: AbortSignal): Promise<Printed> {
    const mark = randomUUID();
    this.#stdout = "";
    this.#end = "";
    this.#stderr = "";
    this.#keepProcess(true);
    const stop = () => this.end();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await new Promise((resolve) => {
        this.#onOutput = () => {
          const printed = this.#printed(mark);
          if (printed) resolve(printed);
        };
        this.#ssh.stdin.write(
          `{ printf '%s\\n' ${mark}; ${command}; printf '\\n${mark}:%s' $?; printf '\\n${mark}' >&2; } < /dev/null\n`,
        );
        this.#onOutput();
      });
    } finally {
      signal.removeEventListener("abort", stop);
      this.#onOutput = undefined;
      this.#keepProcess(false);
    }
  }

  /** Ends it, whatever it runs. */
  end(): void {
    this.#ssh.stdin.end();
    this.#ssh.kill("SIGKILL");
    // The shared connection holds these open for as long as a command runs there.
    this.#ssh.stdout.destroy();
    this.#ssh.stderr.destroy();
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
    for (const handle of [this.#ssh, this.#ssh.stdin, this.#ssh.stdout, this.#ssh.stderr]) {
      const { ref, unref } = Object(handle);
      (keeps ? ref : unref)?.call(handle);
    }
  }
}
