import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { delimiter } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { isSystemError, RollgateError } from "#rollout/common/errors.ts";
import { CommandFailed, type Machine, type RunOptions } from "#rollout/machine/machine.ts";
import { SYSTEM_DIRECTORIES } from "./findExecutable.ts";

const DEADLINE_SECONDS = 30;

/** The shell of this computer and where it finds its tools. */
export interface LocalShell {
  readonly shell?: string;
  readonly path?: string;
}

/**
 * This computer. Scripts get a clean environment in a fixed language: nothing depends on the shell of whoever rolls,
 * except where tools are found.
 */
export class LocalMachine implements Machine {
  readonly name = "this machine";
  /** Files of the deployer can be copied by path. */
  readonly sharesFiles: boolean = true;
  readonly #shell: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor({ shell = "sh", path = searchPath() }: LocalShell = {}) {
    this.#shell = shell;
    this.#environment = { PATH: path, HOME: userInfo().homedir, LC_ALL: "C" };
  }

  async run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { input, deadlineSeconds = DEADLINE_SECONDS, signal } = options;
    signal?.throwIfAborted();
    const deadline = AbortSignal.timeout(deadlineSeconds * 1000);
    const ending = signal ? AbortSignal.any([signal, deadline]) : deadline;
    // A process group of its own, so that a command that is given up takes its children with it.
    const child = spawn(this.#shell, ["-c", `umask 022\n${script}`, "sh", ...args], {
      env: this.#environment,
      cwd: "/",
      detached: true,
    });
    const stop = () => end(child);
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
      ending.throwIfAborted();
      if (child.exitCode !== 0) throw new CommandFailed(this.name, child.exitCode ?? -1, stderr);
      return stdout;
    } catch (error) {
      signal?.throwIfAborted();
      if (!deadline.aborted) throw error;
      throw new RollgateError(
        "overdue",
        `${this.name}: a command took longer than ${Math.round(deadlineSeconds)} s`,
      );
    } finally {
      ending.removeEventListener("abort", stop);
      input?.destroy();
    }
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

/** Where this process looks for commands, and where a user's PATH often does not look. */
function searchPath(): string {
  return [process.env.PATH ?? "", "/usr/local/bin", "/usr/bin", "/bin", ...SYSTEM_DIRECTORIES]
    .filter(Boolean)
    .join(delimiter);
}

function end(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (!isSystemError(error, "ESRCH")) throw error;
  }
  // What it left behind in a session of its own may hold these open.
  child.stdout?.destroy();
  child.stderr?.destroy();
}
