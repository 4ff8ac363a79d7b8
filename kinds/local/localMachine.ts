import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { delimiter } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { isSystemError, RollgateError } from "#rollout/common/errors.ts";
import { CommandFailed, type Machine, type RunOptions } from "#rollout/machine/machine.ts";
import { quote } from "#rollout/machine/quote.ts";
import { RepeatableInput } from "#rollout/machine/repeatableInput.ts";
import type { Printed } from "#rollout/machine/shellCommand.ts";
import { given, Shells } from "#rollout/machine/shells.ts";
import { searchPath } from "./findExecutable.ts";

const DEADLINE_SECONDS = 30;
const SHELLS = 4;
/** Longer than the time between two questions of a gate. */
const IDLE_MILLISECONDS = 10_000;

/** This computer's shell, and where it finds its tools. */
export interface LocalShell {
  readonly shell?: string;
  readonly path?: string;
}

/**
 * This computer. Scripts run in a clean environment with a fixed language; only PATH comes from the user's shell.
 */
export class LocalMachine implements Machine {
  readonly name = "this machine";
  /** Files of the deployer can be copied by path. */
  readonly sharesFiles: boolean = true;
  readonly #shell: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #shells: Shells;

  constructor({
    shell = "sh",
    path = [...searchPath(), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
  }: LocalShell = {}) {
    this.#shell = shell;
    this.#environment = { PATH: path, HOME: userInfo().homedir, LC_ALL: "C" };
    const open = () => this.#spawn("sh");
    this.#shells = new Shells({ open, kill, most: SHELLS, idleMilliseconds: IDLE_MILLISECONDS });
  }

  async run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { deadlineSeconds = DEADLINE_SECONDS, signal } = options;
    const input = options.input && (await RepeatableInput.from(options.input));
    const deadline = AbortSignal.timeout(deadlineSeconds * 1000);
    const ending = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const words = ["-c", `umask 022\n${script}`, "sh", ...args];
    try {
      // It may have been aborted while the input was read, which nobody would hear of later.
      signal?.throwIfAborted();
      const { code, stdout, stderr } = await (this.#runInShell(words, input, ending) ??
        this.#runAlone(words, input?.read(), ending));
      ending.throwIfAborted();
      if (code !== 0) throw new CommandFailed(this.name, code ?? -1, stderr);
      return stdout;
    } catch (error) {
      signal?.throwIfAborted();
      if (!deadline.aborted) throw error;
      throw new RollgateError(
        "overdue",
        `${this.name}: a command took longer than ${Math.round(deadlineSeconds)} s`,
      );
    } finally {
      await input?.close();
    }
  }

  /**
   * `undefined` if all shells are busy or the input is long. Most commands run there, since this process is large and slow
   * to fork. The input may be secret, so it is no argument of a process.
   */
  #runInShell(
    words: readonly string[],
    input: RepeatableInput | undefined,
    ending: AbortSignal,
  ): Promise<Printed> | undefined {
    const command = [this.#shell, ...words].map(quote).join(" ");
    if (!input) return this.#shells.run(command, { signal: ending });
    const { shortText } = input;
    return shortText === undefined
      ? undefined
      : this.#shells.run(given(shortText, command), { signal: ending });
  }

  async #runAlone(
    words: readonly string[],
    input: Readable | undefined,
    ending: AbortSignal,
  ): Promise<Printed> {
    const child = this.#spawn(this.#shell, words);
    const stop = () => {
      kill(child);
      // Processes it left behind in another session may keep these open.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    ending.addEventListener("abort", stop, { once: true });
    try {
      // A command may end before it has read everything.
      child.stdin.on("error", () => {});
      const given = input ? pipeline(input, child.stdin).catch(() => {}) : child.stdin.end();
      const [stdout, stderr] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, "close"),
        given,
      ]);
      return { code: child.exitCode ?? undefined, stdout, stderr };
    } finally {
      ending.removeEventListener("abort", stop);
    }
  }

  /** A shell in its own process group, so that its children are killed with it. */
  #spawn(shell: string, words: readonly string[] = []): ChildProcessWithoutNullStreams {
    return spawn(shell, words, { env: this.#environment, cwd: "/", detached: true });
  }

  async connect(address: string, port: number): Promise<Duplex> {
    const socket = connect(port, address);
    try {
      await once(socket, "connect", { signal: AbortSignal.timeout(DEADLINE_SECONDS * 1000) });
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (!isSystemError(error, "ESRCH")) throw error;
  }
}
