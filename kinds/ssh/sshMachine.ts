import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "#rollout/common/errors.ts";
import { within } from "#rollout/common/within.ts";
import {
  CommandFailed,
  type Machine,
  MachineUnreachable,
  type PortAhead,
  type RunOptions,
} from "#rollout/machine/machine.ts";
import { quote } from "#rollout/machine/quote.ts";
import { RepeatableInput } from "#rollout/machine/repeatableInput.ts";
import type { CommandOptions, Printed } from "#rollout/machine/shellCommand.ts";
import { given } from "#rollout/machine/shells.ts";
import { type ConnectionPool, connectionPool, type PooledConnection } from "./connectionPool.ts";
import { explainSsh } from "./explainSsh.ts";
import { forwardedStream } from "./forwardedStream.ts";
import { LastSeenFile } from "./lastSeenFile.ts";
import { runInSession } from "./runInSession.ts";
import type { SshPlace } from "./sshArguments.ts";
import type { SshConnection } from "./sshConnection.ts";
import { traced } from "./traced.ts";

const DEADLINE_SECONDS = 20;
/** For a server that was never reached; one whose connection broke gets more time. */
const FIRST_CONTACT_SECONDS = 4;
const BETWEEN_ATTEMPTS_MILLISECONDS = 400;
/** Commands have a time limit on the server; this much later, the client gives up. */
const FAREWELL_SECONDS = 2;
const KILL_AFTER_SECONDS = 5;
const [OVERDUE, KILLED] = [124, 137];
const SUDO_REFUSAL = /^sudo: .*(password is required|not allowed|must have a tty).*$|^Sorry, user .*$/im;

/**
 * A server reached with this machine's OpenSSH client. If the connection breaks, a script runs again within its
 * deadline, provided the lease is still ours, so scripts must be safe to run twice.
 */
export class SshMachine implements Machine {
  readonly name: string;
  readonly #place: SshPlace;
  readonly #pool: ConnectionPool;
  readonly #pooled: PooledConnection;
  #wasReached = false;
  #isClosed = false;
  #assertHeld: () => Promise<void> = async () => {};
  #endTelling: () => void = () => {};

  constructor(place: SshPlace, pool = connectionPool) {
    this.name = place.server;
    this.#place = place;
    this.#pool = pool;
    this.#pooled = pool.take(place);
  }

  async run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const input = options.input && (await RepeatableInput.from(options.input));
    try {
      const what = () => [script, ...args].join("\0");
      return await traced("script", this.name, what, () => this.#runRepeatedly(script, args, input, options));
    } finally {
      await input?.close();
    }
  }

  /** The account that is logged in, which the server says whenever a connection begins. */
  async account(): Promise<string> {
    // The command, which is repeated for a while, tells what is wrong.
    await this.#open(AbortSignal.timeout(DEADLINE_SECONDS * 1000))
      .then(() => within(DEADLINE_SECONDS, "a login", this.#connection.greeted))
      .catch(() => {});
    return this.#connection.account ?? (await this.run("id -un", [])).trim();
  }

  /** Whether no other server is in between, if that is known. */
  isDirect(): Promise<boolean> {
    return this.#connection.isDirect;
  }

  /** The ports to which its connection has been forwarded, whoever asked. */
  get forwards(): Set<string> {
    return this.#pooled.forwards;
  }

  /** Says to the other processes of this update that a place is set up there. */
  async isSetUp(directory: string): Promise<void> {
    (await this.#connection.notes())?.leaveSetUp(directory);
  }

  /** The account that logs in, if another process of this update has found that a place is set up there. */
  async accountOfSetUp(directory: string): Promise<string | undefined> {
    const notes = await this.#connection.notes();
    return (await notes?.isSetUp(directory)) ? notes?.account() : undefined;
  }

  /** What is remembered of a host in this directory. */
  lastSeen(directory: string): LastSeenFile {
    return new LastSeenFile(() => this.#pool.lastSeenIn(this.#place, directory));
  }

  async connect(address: string, port: number): Promise<Duplex> {
    await this.#open(AbortSignal.timeout(DEADLINE_SECONDS * 1000));
    return forwardedStream(this.#connection, this.name, address, port);
  }

  connectAhead(address: string, port: number, count: number): PortAhead {
    const { ahead } = this.#pooled;
    if (!this.#isClosed) ahead.expect(address, port, count);
    const connect = async () => ahead.take(address, port) ?? this.connect(address, port);
    return {
      connect,
      get hasMore() {
        return ahead.has(address, port);
      },
      listensSoon: (over) => ahead.tryUntil(over, address, port),
    };
  }

  /** Checked before a script runs again, because someone else may have taken over the fleet. */
  fence(assertHeld: () => Promise<void>): void {
    this.#assertHeld = assertHeld;
  }

  /** Called with a one-line message whenever the connection broke and was reopened. */
  onReconnect(tell: (message: string) => void): void {
    this.#endTelling();
    this.#endTelling = this.#connection.onReconnect((wasRebooted) =>
      tell(
        wasRebooted
          ? `${this.name} was rebooted; reconnected`
          : `the connection to ${this.name} broke; reconnected`,
      ),
    );
  }

  /** How often its connection was opened; an increase means that it broke in between. */
  get opened(): number {
    return this.#connection.opened;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endTelling();
    await this.#pool.giveBack(this.#pooled);
  }

  async #runRepeatedly(
    script: string,
    args: readonly string[],
    input: RepeatableInput | undefined,
    { deadlineSeconds, signal, unfenced = false }: RunOptions,
  ): Promise<string> {
    const seconds = deadlineSeconds ?? DEADLINE_SECONDS;
    let began: number | undefined;
    const spent = () => {
      began ??= performance.now();
      return (performance.now() - began) / 1000;
    };
    for (;;) {
      try {
        // Each time anew: what is asked before it runs again may be a command on this server, too.
        const printed = await this.#pooled.limit(() =>
          this.#runOnce(script, args, input, {
            seconds: Math.max(1, seconds - spent()),
            // Whoever sets a time limit expects that it takes a while.
            mayWait: deadlineSeconds !== undefined,
            signal,
          }),
        );
        this.#wasReached = true;
        return printed;
      } catch (error) {
        signal?.throwIfAborted();
        // The connection that another process has left was dead already.
        const wasDead = this.#connection.isDoubtful && error instanceof MachineUnreachable;
        if (wasDead) this.#connection.giveUp();
        const patience = this.#wasReached ? seconds : Math.min(FIRST_CONTACT_SECONDS, seconds);
        const isOver = !wasDead && spent() + BETWEEN_ATTEMPTS_MILLISECONDS / 1000 > patience;
        if (!(error instanceof MachineUnreachable) || isOver || input?.isRepeatable === false) throw error;
        await sleep(BETWEEN_ATTEMPTS_MILLISECONDS, undefined, { signal });
        if (!unfenced) await this.#assertHeld();
      }
    }
  }

  async #runOnce(
    script: string,
    args: readonly string[],
    input: RepeatableInput | undefined,
    { seconds, mayWait, signal }: { seconds: number; mayWait: boolean; signal: AbortSignal | undefined },
  ): Promise<string> {
    signal?.throwIfAborted();
    const milliseconds = Math.ceil((seconds + FAREWELL_SECONDS) * 1000);
    const deadline = AbortSignal.timeout(milliseconds);
    await this.#open(signal ? AbortSignal.any([signal, deadline]) : deadline).catch((error: unknown) => {
      throw deadline.aborted && !signal?.aborted ? this.#failure(OVERDUE, "", seconds) : error;
    });
    signal?.throwIfAborted();
    const command = withDeadline(script, args, Math.ceil(seconds));
    const options = { signal, mayWait, milliseconds };
    const { code, stdout, stderr, isOverdue } = await (this.#runInShell(command, input, options) ??
      this.#pooled.sessions(() => runInSession(this.#connection, command, input?.read(), options)));
    signal?.throwIfAborted();
    if (isOverdue) throw this.#failure(OVERDUE, "", seconds);
    if (code === undefined) throw explainSsh({ server: this.name }, stderr);
    if (code !== 0) throw this.#failure(code, stderr, seconds);
    return stdout;
  }

  /** `undefined` if no shell is free, or none can pass the input on. The input may be secret, so it is no argument. */
  #runInShell(
    command: string,
    input: RepeatableInput | undefined,
    options: CommandOptions,
  ): Promise<Printed> | undefined {
    if (!input) return this.#pooled.shells.run(command, options);
    const { shortText } = input;
    return shortText === undefined
      ? undefined
      : this.#pooled.shells.run(given(shortText, command), { ...options, isSecret: true });
  }

  #failure(code: number, stderr: string, seconds: number): RollgateError {
    if (code === OVERDUE || code === KILLED) {
      return new RollgateError(
        "overdue",
        `${this.name}: a command took longer than ${Math.round(seconds)} s`,
      );
    }
    const sudo = SUDO_REFUSAL.exec(stderr)?.[0];
    if (sudo) {
      return new RollgateError(
        "sudo-refused",
        `${this.name}: sudo refused a command (${sudo}): expected the rules in /etc/sudoers.d`,
      );
    }
    return new CommandFailed(this.name, code, stderr);
  }

  async #open(signal: AbortSignal): Promise<void> {
    if (this.#isClosed)
      throw new RollgateError("connection-closed", `the connection to ${this.name} was closed`);
    await this.#connection.open(signal);
    if (!this.#connection.isDoubtful) this.#wasReached = true;
  }

  get #connection(): SshConnection {
    return this.#pooled.connection;
  }
}

/** A command line for the shell on the server, with a time limit. */
function withDeadline(script: string, args: readonly string[], seconds: number): string {
  const after = ["-k", String(KILL_AFTER_SECONDS), String(seconds)];
  return ["timeout", ...after, "sh", "-c", script, "sh", ...args].map(quote).join(" ");
}
