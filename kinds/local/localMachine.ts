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
import { searchPath } from "./findExecutable.ts";

const DEADLINE_SECONDS = 30;

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

  constructor({
    shell = "sh",
    path = [...searchPath(), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
  }: LocalShell = {}) {
    this.#shell = shell;
    this.#environment = { PATH: path, HOME: userInfo().homedir, LC_ALL: "C" };
  }

  async run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { input, deadlineSeconds = DEADLINE_SECONDS, signal } = options;
    signal?.throwIfAborted();
    const deadline = AbortSignal.timeout(deadlineSeconds * 1000);
    const ending = signal ? AbortSignal.any([signal, deadline]) : deadline;
    // Its own process group, so that its children are killed with it.
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

function end(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (!isSystemError(error, "ESRCH")) throw error;
  }
  // Processes it left behind in another session may keep these open.
  child.stdout?.destroy();
  child.stderr?.destroy();
}
