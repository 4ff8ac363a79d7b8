import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { TestContext } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { CommandFailed, type Machine, type RunOptions } from "#rollout/machine/machine.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** Shells and tools that machines have: Debian's or whatever is here, and Alpine's. */
export const SHELLS = ["sh", "busybox"] as const;

/** This machine, with the shell and the tools of one kind; skips the test where there are none. */
export async function localMachine(shell: (typeof SHELLS)[number], context: TestContext): Promise<Machine> {
  if (shell === "sh") return new LocalMachine("sh", process.env.PATH ?? "");
  const busybox = (await findExecutable("busybox")) ?? "";
  context.skip(busybox === "", "this machine has no busybox");
  const tools = await temporaryDirectory();
  await promisify(execFile)(busybox, ["--install", "-s", tools]);
  return new LocalMachine(`${tools}/sh`, tools);
}

class LocalMachine implements Machine {
  readonly name = "this-machine";
  readonly #shell: string;
  readonly #path: string;

  constructor(shell: string, path: string) {
    this.#shell = shell;
    this.#path = path;
  }

  async run(script: string, args: readonly string[], { input, signal }: RunOptions = {}): Promise<string> {
    const child = spawn(this.#shell, ["-c", script, "sh", ...args], {
      env: { PATH: this.#path },
      cwd: "/",
      signal,
    });
    const exited = once(child, "close");
    if (input) pipeline(input, child.stdin).catch(() => {});
    else child.stdin.end();
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    if (child.exitCode !== 0) throw new CommandFailed(this.name, child.exitCode ?? -1, stderr);
    return stdout;
  }

  async connect(address: string, port: number): Promise<Duplex> {
    const socket = connect(port, address);
    await once(socket, "connect");
    return socket;
  }
}
