import { Duplex, PassThrough, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { CommandFailed, type Machine, type RunOptions } from "#rollout/machine/machine.ts";
import { PATIENCE_MILLISECONDS } from "../engine/patientAgent.ts";

const DEADLINE_SECONDS = 30;
const BETWEEN_ATTEMPTS_MILLISECONDS = 200;
const BETWEEN_LOOKS_MILLISECONDS = 500;

/**
 * Connects standard input and output to a port. Debian's images have bash, Alpine's have nc (busybox). If either side
 * hangs up, both directions end. The child processes must be waited for, or nginx, as PID 1, logs an alert for each.
 */
const TUNNEL = `
if command -v bash >/dev/null; then
  exec bash -c 'exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit 1; cat <&3 & cat <&4 >&3 & wait -n; kill $(jobs -p); wait' bash "$1" "$2"
elif command -v nc >/dev/null; then exec nc "$1" "$2"
else echo "expected bash or nc in the image, found neither" >&2; exit 1; fi`;

/** Runs commands and opens connections inside a running container, through the Docker API only. */
export class ContainerMachine implements Machine {
  readonly name: string;
  readonly #docker: Docker;
  #wasReached = false;

  constructor(docker: Docker, container: string) {
    this.#docker = docker;
    this.name = container;
  }

  async run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { input, deadlineSeconds = DEADLINE_SECONDS } = options;
    const deadline = AbortSignal.timeout(deadlineSeconds * 1000);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    try {
      const { exec, stream } = await this.#exec(script, args, input !== undefined, signal);
      const stop = () => stream.destroy();
      const given = new AbortController();
      const over = () => given.abort();
      stream.once("end", over).once("close", over);
      signal.addEventListener("abort", stop, { once: true });
      try {
        const [output, complaints] = this.#split(stream);
        const [stdout, stderr] = await Promise.all([
          text(output),
          text(complaints),
          // A command may end before it has read everything.
          input &&
            pipeline(input, stream, { end: false, signal: given.signal }).then(
              () => stream.end(),
              () => {},
            ),
          input && this.#endWith(exec, stream, given),
        ]);
        signal.throwIfAborted();
        const { ExitCode: exitCode } = await exec.inspect({ abortSignal: signal });
        if (exitCode !== 0) throw new CommandFailed(this.name, exitCode ?? -1, stderr);
        return stdout;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof RollgateError) throw error;
      const what = deadline.aborted ? `no answer within ${deadlineSeconds} s` : describeDockerError(error);
      throw new RollgateError("container-unreachable", `container ${this.name}: ${what}`, { cause: error });
    }
  }

  async connect(address: string, port: number): Promise<Duplex> {
    const signal = AbortSignal.timeout(DEADLINE_SECONDS * 1000);
    const { stream } = await this.#exec(TUNNEL, [address, String(port)], true, signal);
    const [output, complaints] = this.#split(stream);
    complaints.resume();
    return Duplex.from({ readable: output, writable: stream });
  }

  /** Docker doesn't end the stream of a command that exited before reading all its input. */
  async #endWith(exec: Docker.Exec, stream: Duplex, over: AbortController): Promise<void> {
    while (!over.signal.aborted) {
      await sleep(BETWEEN_LOOKS_MILLISECONDS, undefined, { signal: over.signal }).catch(() => {});
      const { Running } = await exec.inspect().catch(() => ({ Running: true }));
      if (over.signal.aborted || Running) continue;
      // Its last output may still be on its way.
      await sleep(BETWEEN_LOOKS_MILLISECONDS, undefined, { signal: over.signal }).catch(() => {});
      stream.destroy();
      return;
    }
  }

  async #exec(script: string, args: readonly string[], stdin: boolean, abortSignal: AbortSignal) {
    const exec = await this.#createExec({
      Cmd: ["sh", "-c", script, "sh", ...args],
      // Flags, releases and configuration belong to root, whatever the image's user is.
      User: "0",
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal,
    });
    const stream = await exec.start({ hijack: true, stdin, abortSignal });
    // A broken connection ends the output; the exit code shows what happened.
    stream.on("error", () => {});
    return { exec, stream };
  }

  /** Waits for a container that comes back after Docker restarts; nothing has run in it by then. */
  async #createExec(options: Docker.ExecCreateOptions): Promise<Docker.Exec> {
    const began = performance.now();
    for (;;) {
      try {
        const exec = await this.#docker.getContainer(this.name).exec({ ...options });
        this.#wasReached = true;
        return exec;
      } catch (error) {
        const isOver = performance.now() - began > PATIENCE_MILLISECONDS;
        if (!this.#wasReached || isOver || !isDockerError(error, 409)) throw error;
        await sleep(BETWEEN_ATTEMPTS_MILLISECONDS, undefined, { signal: options.abortSignal });
      }
    }
  }

  /** Standard output and error come in one stream, in frames. */
  #split(stream: Duplex): [Readable, Readable] {
    const [output, complaints] = [new PassThrough(), new PassThrough()];
    this.#docker.modem.demuxStream(stream, output, complaints);
    const end = () => {
      output.end();
      complaints.end();
    };
    stream.once("end", end);
    stream.once("close", end);
    return [output, complaints];
  }
}

/** Docker's own message, without the client library's prefix. */
export function describeDockerError(error: unknown): string {
  const words = Object(Object(error).json).message;
  const told = typeof words === "string" ? words : messageOf(error);
  return told.replace(/^\(HTTP code \d+\) [^-]* - /, "").trim();
}

/** Whether Docker answered with one of these HTTP status codes. */
export function isDockerError(error: unknown, ...statusCodes: number[]): boolean {
  return statusCodes.includes(Object(error).statusCode);
}
