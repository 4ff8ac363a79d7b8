import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { explainSsh } from "./explainSsh.ts";
import { wasReached } from "./lostServer.ts";
import { makeSocketFolder, type SocketFolder } from "./socketFolder.ts";
import { type SshPlace, sshArguments } from "./sshArguments.ts";

const READY = "rollgate-connected";
const MAX_WORDS = 8_192;
const LOOK_MILLISECONDS = 10;

/**
 * The connection to a server, shared by all commands. It lives as long as this process holds its standard input open,
 * so even a killed deployer leaves nothing behind.
 */
export class SshConnection {
  readonly #place: SshPlace;
  readonly #sockets: SocketFolder | undefined;
  #socket: string | undefined;
  #folder: string | undefined;
  #opened = 0;
  /** The process started last, and the one that is connected. */
  #started: ChildProcess | undefined;
  #ssh: ChildProcess | undefined;
  #opening: Promise<void> | undefined;
  #isClosed = false;
  #refusal = "";
  /** The kernel's boot id. */
  #boot: string | undefined;
  readonly #onReconnect = new Set<(wasRebooted: boolean) => void>();
  /** Called each time that the server has let us in, with how long that took; sessions may be opened from then on. */
  onAuthenticated: (milliseconds: number) => void = () => {};

  /** `sockets` is where its socket is; without, it makes a folder for it and removes that at the end. */
  constructor(place: SshPlace, sockets?: SocketFolder) {
    this.#place = place;
    this.#sockets = sockets;
  }

  /** Runs `ssh` over it, which then needs no handshake; `options` come before the server and the command. */
  spawn(command: string, ...options: readonly string[]): ChildProcessWithoutNullStreams {
    const args = [...this.#arguments, "-o", "ControlMaster=no", ...options, "--", this.#place.server];
    const ssh = spawn("ssh", command === "" ? args : [...args, command], { stdio: ["pipe", "pipe", "pipe"] });
    ssh.stdin.on("error", () => {});
    return ssh;
  }

  get #arguments(): string[] {
    if (!this.#sockets) this.#folder ??= makeSocketFolder();
    this.#socket ??= this.#sockets?.next() ?? join(this.#folder ?? "", "s");
    return sshArguments(this.#place, this.#socket, this.#knownHosts(`${this.#socket}.known`));
  }

  /** Writes a given host key to a file for `ssh`, which then knows no other; its name there is any. */
  #knownHosts(file: string): string | undefined {
    const keys = this.#place.hostKey?.trim().split("\n");
    if (keys && this.#started === undefined) writeFileSync(file, keys.map((key) => `* ${key}\n`).join(""));
    return keys && file;
  }

  /** How often it was opened; an increase means that it broke in between. */
  get opened(): number {
    return this.#opened;
  }

  /** Why the server last refused a forwarded connection, in OpenSSH's words; empty if it never did. */
  get refusal(): string {
    return this.#refusal;
  }

  /** Calls `tell` whenever it is reopened after it broke, with whether the server was rebooted; returns what ends that. */
  onReconnect(tell: (wasRebooted: boolean) => void): () => void {
    this.#onReconnect.add(tell);
    return () => void this.#onReconnect.delete(tell);
  }

  /** Opens it unless it is open; throws a one-line error if that fails. */
  async open(signal: AbortSignal): Promise<void> {
    if (this.#isClosed)
      throw new RollgateError("connection-closed", `the connection to ${this.#place.server} was closed`);
    if (this.#ssh) return;
    this.#opening ??= this.#connect(signal).finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  /** Closes it; the folder is removed once nothing can write to it any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ssh = this.#started;
    if (ssh?.pid !== undefined && ssh.exitCode === null && ssh.signalCode === null) {
      const ended = once(ssh, "exit");
      ssh.ref();
      ssh.stdin?.end();
      ssh.kill();
      await ended;
    }
    this.#ssh = undefined;
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const args = this.#arguments;
    const socket = this.#socket ?? "";
    // One that broke may have left it.
    rmSync(socket, { force: true });
    const ssh = spawn(
      "ssh",
      [
        // Comes first, because ssh uses the first: this level includes why a forwarded connection was refused.
        "-o",
        "LogLevel=INFO",
        ...args,
        "-o",
        "ControlMaster=yes",
        "--",
        this.#place.server,
        `cat /proc/sys/kernel/random/boot_id; echo ${READY}; exec cat >/dev/null`,
      ],
      { stdio: ["pipe", "pipe", "pipe"] },
    );
    this.#started = ssh;
    let words = "";
    ssh.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = `${words}${text}`.slice(-MAX_WORDS);
      this.#refusal = [...words.matchAll(/open failed: (.*?)\s*$/gm)].at(-1)?.[1] ?? "";
    });
    ssh.stdin.on("error", () => {});
    const stop = () => ssh.kill();
    signal.addEventListener("abort", stop, { once: true });
    const began = performance.now();
    const looking = setInterval(() => {
      // ssh makes it before it opens its own session, which takes two more round trips.
      if (!existsSync(socket)) return;
      clearInterval(looking);
      if (!this.#isClosed) this.onAuthenticated(performance.now() - began);
    }, LOOK_MILLISECONDS);
    try {
      const greeting = await greetingOf(ssh);
      if (greeting !== undefined) {
        if (this.#isClosed) ssh.kill();
        else this.#keep(ssh, /[0-9a-f-]{36}(?=\s+rollgate-connected)/.exec(greeting)?.[0]);
        return;
      }
    } catch (error) {
      throw new RollgateError("ssh-missing", `expected the ssh command, got ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      clearInterval(looking);
      signal.removeEventListener("abort", stop);
    }
    throw explainSsh(this.#place, signal.aborted ? `${words}\nno answer in time` : words);
  }

  /** Keeps the connection without keeping this process alive. */
  #keep(ssh: ChildProcess, boot: string | undefined): void {
    this.#ssh = ssh;
    if (this.#opened++ > 0) for (const tell of this.#onReconnect) tell(boot !== this.#boot);
    this.#boot = boot;
    wasReached(this.#place);
    ssh.once("exit", () => {
      if (this.#ssh === ssh) this.#ssh = undefined;
    });
    ssh.unref();
    for (const stream of [ssh.stdin, ssh.stdout, ssh.stderr]) {
      if (stream && "unref" in stream && typeof stream.unref === "function") stream.unref();
    }
  }
}

/** What the server printed once ready, if `ssh` didn't end before; a login shell may print something first. */
async function greetingOf(ssh: ChildProcess): Promise<string | undefined> {
  await once(ssh, "spawn");
  return new Promise((resolve) => {
    let printed = "";
    ssh.stdout?.setEncoding("utf8").on("data", (text: string) => {
      printed = `${printed}${text}`.slice(-MAX_WORDS);
      if (printed.includes(READY)) resolve(printed);
    });
    ssh.once("close", () => resolve(undefined));
  });
}
