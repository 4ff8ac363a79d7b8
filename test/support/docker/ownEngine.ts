import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { until } from "../../../harness/until.ts";

const run = promisify(execFile);
const START_SECONDS = 60;

// As after a reboot, each start gets a network without bridges and rules, separate from the machine's own engine.
const START = `
ip link set lo up
exec dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" --host "unix://$1/docker.sock" --bridge none`;

const UNMOUNT = `
for mount in $(awk -v root="$1/" 'index($2, root) == 1 { print $2 }' /proc/mounts | sort -r); do umount "$mount"; done`;

/** Why this machine cannot start an engine for a test, or `undefined` when it can. */
export async function noOwnEngine(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "an engine of its own needs root";
  for (const command of ["dockerd", "unshare", "ip"]) {
    if (!(await findExecutable(command))) return `this machine has no ${command}`;
  }
  return undefined;
}

/** A Docker engine of a test's own, which can be restarted as often as it likes. */
export class OwnEngine {
  readonly #directory: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async start(): Promise<OwnEngine> {
    const engine = new OwnEngine(await mkdtemp(join(tmpdir(), "rollgate-engine-")));
    await engine.start();
    return engine;
  }

  /** As in DOCKER_HOST. */
  get url(): string {
    return `unix://${this.#directory}/docker.sock`;
  }

  async start(): Promise<void> {
    const child = spawn("unshare", ["--net", "sh", "-c", START, "sh", this.#directory], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = createWriteStream(join(this.#directory, "dockerd.log"), { flags: "a" });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#process = child;
    await until(async () => {
      if (child.exitCode !== null) throw new Error(await this.log());
      return this.#answers();
    }, START_SECONDS);
  }

  /** Ends the engine, and with it all containers, as a shutdown of its machine does. */
  async stop(): Promise<void> {
    if (!this.#process) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
    this.#process = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Gives it images that the engine at hand has. */
  async load(...images: string[]): Promise<void> {
    const script = 'docker save "$@" | DOCKER_HOST="$own" docker load --quiet';
    await run("sh", ["-c", script, "sh", ...images], { env: { ...process.env, own: this.url } });
  }

  /** What a client on the engine's machine gets, which sees the ports that containers publish; empty for no answer. */
  async get(port: number, path: string): Promise<string> {
    const script =
      'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\\r\\n\\r\\n" "$2" >&3 && cat <&3';
    const pid = await readFile(join(this.#directory, "pid"), "utf8");
    const command = ["nsenter", "--net", "--target", pid, "bash", "-c", script, "bash", String(port), path];
    return run("timeout", ["5", ...command]).then(
      ({ stdout }) => stdout,
      () => "",
    );
  }

  /** Runs the docker command against this engine. */
  async docker(...args: string[]): Promise<string> {
    return (await run("docker", ["--host", this.url, ...args])).stdout.trim();
  }

  async log(): Promise<string> {
    return readFile(join(this.#directory, "dockerd.log"), "utf8");
  }

  async remove(): Promise<void> {
    await this.stop();
    await run("sh", ["-c", UNMOUNT, "sh", this.#directory]);
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    return this.docker("version").then(
      () => true,
      () => false,
    );
  }
}
