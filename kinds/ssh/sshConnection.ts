import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { ConnectionLog } from "./connectionLog.ts";
import { isDirect } from "./effectiveOptions.ts";
import { explainSsh } from "./explainSsh.ts";
import { GREET, type Greeting, greetingOf } from "./greeting.ts";
import { isListening, untilListening } from "./isListening.ts";
import { wasReached } from "./lostServer.ts";
import type { SharedSockets } from "./sharedSockets.ts";
import { makeSocketFolder } from "./socketFolder.ts";
import { SocketNotes } from "./socketNotes.ts";
import { loginArguments, type SshPlace, sshArguments } from "./sshArguments.ts";
import { traced } from "./traced.ts";

/** All that is known of a login that failed behind a jump host, or in another command that makes the connection. */
const LOST_ON_THE_WAY = /closed by UNKNOWN port/;
/**
 * The connection to a server, shared by all commands. Without sockets that are shared with other processes, it lives as
 * long as this process holds its standard input open, so even a killed deployer leaves nothing behind; with them, some
 * seconds longer.
 */
export class SshConnection {
  readonly #place: SshPlace;
  readonly #sockets: SharedSockets | undefined;
  /** The name of the first socket. It is asked for at once, because that is quicker for many servers together. */
  #name: Promise<string> | undefined;
  #arguments: readonly string[] = [];
  #socket = "";
  #log: ConnectionLog | undefined;
  #notes: SocketNotes | undefined;
  #folder: string | undefined;
  #opened = 0;
  /** The process started last, and the one that is connected. */
  #started: ChildProcess | undefined;
  #ssh: ChildProcess | undefined;
  #opening: Promise<void> | undefined;
  #isClosed = false;
  #isDoubtful = false;
  #account: string | undefined;
  /** Settled once the server has said who is logged in, or the session of the login has ended. It keeps no process alive. */
  greeted: Promise<unknown> = Promise.resolve();
  /** The kernel's boot id. */
  #boot: string | undefined;
  /** Whether no other server is in between, if that is known. */
  readonly isDirect: Promise<boolean>;
  readonly #onReconnect = new Set<(wasRebooted: boolean) => void>();
  /**
   * Called each time that the server has let us in; sessions may be opened from then on. For a server that is far away,
   * all at once: waiting costs more there than a process that nobody needs. `session` is the one of the login, a shell
   * that may end before the connection does, which is so if that is shared.
   */
  onAuthenticated: (isFar: boolean, session: ChildProcessWithoutNullStreams | undefined) => void = () => {};

  constructor(place: SshPlace, sockets?: SharedSockets) {
    this.#place = place;
    this.#sockets = sockets;
    const options = sockets?.optionsOf(place);
    this.#name = sockets?.nameOf(place, options);
    this.isDirect = options?.then(isDirect) ?? Promise.resolve(false);
  }

  /** Runs `ssh` over it, which then needs no handshake; `options` come before the server and the command. */
  spawn(command: string, ...options: readonly string[]): ChildProcessWithoutNullStreams {
    const args = [...this.#arguments, "-o", "ControlMaster=no", ...options, "--", this.#place.server];
    const ssh = spawn("ssh", command === "" ? args : [...args, command], { stdio: ["pipe", "pipe", "pipe"] });
    ssh.stdin.on("error", () => {});
    return ssh;
  }

  /** What processes of an update tell each other of the server, whether or not it is open. */
  async notes(): Promise<SocketNotes | undefined> {
    if (this.#notes) return this.#notes;
    const socket = await this.#sockets?.of(this.#place, this.#name);
    return socket === undefined ? undefined : new SocketNotes(socket, true);
  }

  /** Whether another process has left it open. */
  async isThere(): Promise<boolean> {
    const socket = await this.#sockets?.of(this.#place, this.#name);
    return socket !== undefined && (await isListening(socket));
  }

  /** How often it was opened; an increase means that it broke in between. */
  get opened(): number {
    return this.#opened;
  }

  /** Whether another process logged in and nothing has been heard from the server since. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** The account that is logged in, if that is known of the open connection. */
  get account(): string | undefined {
    return this.#ssh && this.#account;
  }

  /** Why the server last refused a forwarded connection, in OpenSSH's words; empty if it never did. */
  get refusal(): string {
    return [...(this.#log?.all ?? "").matchAll(/open failed: (.*?)\s*$/gm)].at(-1)?.[1] ?? "";
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
    const connect = () => this.#connect(signal);
    this.#opening ??= traced("login", this.#place.server, () => "", connect).finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  /** Gives up one that another process has left and that doesn't work: the next time, this process logs in. */
  giveUp(): void {
    this.#isDoubtful = false;
    this.#ssh?.kill();
    this.#ssh = undefined;
    rmSync(this.#socket, { force: true });
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
    const shared = await this.#sockets?.of(this.#place, this.#name);
    this.#name = undefined;
    if (shared === undefined) this.#folder ??= makeSocketFolder();
    this.#socket = shared ?? join(this.#folder ?? "", "s");
    this.#log = new ConnectionLog(`${this.#socket}.log`);
    const isThere = shared !== undefined && (await isListening(shared));
    // One that broke may have left it.
    if (!isThere) rmSync(this.#socket, { force: true });
    this.#notes = new SocketNotes(this.#socket, shared !== undefined);
    const knownHosts = this.#notes.knownHosts(this.#place.hostKey);
    this.#arguments = sshArguments(this.#place, this.#socket, knownHosts);
    if (await this.#logIn(signal, shared !== undefined, isThere)) return;
    // The process that would go on in the background keeps the words of a jump host to itself.
    const isUnexplained = shared !== undefined && !signal.aborted && LOST_ON_THE_WAY.test(this.#log.latest);
    if (isUnexplained && (await this.#logIn(signal, false, false))) return;
    const { latest } = this.#log;
    throw explainSsh(this.#place, signal.aborted ? `${latest}\nno answer in time` : latest);
  }

  /** Returns whether it succeeded. */
  async #logIn(signal: AbortSignal, isShared: boolean, isThere: boolean): Promise<boolean> {
    const options = loginArguments(this.#arguments, isShared ? this.#log?.file : undefined);
    const ssh = spawn("ssh", [...options, "--", this.#place.server, GREET], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#started = ssh;
    ssh.stderr.setEncoding("utf8").on("data", (text: string) => this.#log?.add(text));
    ssh.stdin.on("error", () => {});
    const stop = () => ssh.kill();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await this.#isOpened(ssh, isShared, isThere);
    } catch (error) {
      throw new RollgateError("ssh-missing", `expected the ssh command, got ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /**
   * Waits until `ssh` is connected; returns false if it ended before. Commands need not wait for its own session, which
   * takes two more round trips; only a reconnection has to know whether the server was rebooted.
   */
  async #isOpened(
    ssh: ChildProcessWithoutNullStreams,
    isShared: boolean,
    isThere: boolean,
  ): Promise<boolean> {
    await once(ssh, "spawn");
    const began = performance.now();
    const over = new AbortController();
    const greeting = greetingOf(ssh).finally(() => over.abort());
    const connected = untilListening(this.#socket, over.signal).then(async (isListening) => {
      // A server that is near may have greeted us between two looks.
      const isConnected = isListening || (await greeting) !== undefined;
      const took = isThere ? undefined : performance.now() - began;
      const isFar = this.#notes?.isFar(took) === true;
      if (isConnected && !this.#isClosed) this.onAuthenticated(isFar, isShared ? ssh : undefined);
      return isConnected;
    });
    const greeted = greeting.then((said) => {
      if (said !== undefined) this.#isGreeted(said);
      return said !== undefined;
    });
    this.greeted = greeted;
    if (this.#opened === 0 && (await connected)) {
      this.#isDoubtful = isThere;
      // Whoever logged in has learned it.
      if (isThere) this.#account = (await this.#notes?.account()) ?? this.#account;
    } else if (!(await greeted)) {
      return false;
    }
    if (this.#isClosed) ssh.kill();
    else this.#keep(ssh);
    return true;
  }

  #isGreeted({ boot, account }: Greeting): void {
    this.#account = account;
    if (account !== undefined) this.#notes?.leaveAccount(account);
    // One that another process had left may have been dead from the beginning.
    const wasRebooted = this.#boot !== undefined && boot !== this.#boot;
    if (this.#opened > 0 && !this.#ssh) for (const tell of this.#onReconnect) tell(wasRebooted);
    this.#boot = boot;
    this.#isDoubtful = false;
    wasReached(this.#place);
  }

  /** Keeps the connection without keeping this process alive. */
  #keep(ssh: ChildProcess): void {
    this.#ssh = ssh;
    this.#opened++;
    if (!this.#isDoubtful) wasReached(this.#place);
    ssh.once("exit", () => {
      if (this.#ssh === ssh) this.#ssh = undefined;
    });
    ssh.unref();
    for (const stream of [ssh.stdin, ssh.stdout, ssh.stderr]) {
      if (stream && "unref" in stream && typeof stream.unref === "function") stream.unref();
    }
  }
}
