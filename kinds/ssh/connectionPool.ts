import pLimit, { type LimitFunction } from "p-limit";
import { engineAddress, updateAddress } from "#provider/engineAddress.ts";
import { Shells } from "#rollout/machine/shells.ts";
import { ConnectionsAhead } from "./connectionsAhead.ts";
import { forwardedStream } from "./forwardedStream.ts";
import { SharedSockets } from "./sharedSockets.ts";
import { inUse, type ServerInUse, USE } from "./socketNotes.ts";
import { placeKey, type SshPlace } from "./sshArguments.ts";
import { SshConnection } from "./sshConnection.ts";

/** Beyond what lies between two resources on one server. */
const KEPT_MILLISECONDS = 15_000;
/** Most run in a few shells, one after the other. */
const COMMANDS_AT_ONCE = 24;
/** How many commands a shell has at once, so several take one round trip. */
const COMMANDS_OF_SHELL = 8;
/** OpenSSH allows ten sessions per connection, including the connection itself. */
const SHELLS = 3;
/** With more servers than this, a process for what may be needed soon costs more than to wait for it. */
export const FEW_SERVERS = 20;
/** One for commands that take a moment, and one for those that may take longer. */
const SHELLS_OF_FAR = 2;
/** What opening a connection that is there already may take. */
const OPEN_MILLISECONDS = 5_000;
/** Commands with a long input have sessions of their own. */
const OTHER_SESSIONS = 6;

/** A connection, and what all who use it share. */
export interface PooledConnection {
  readonly place: SshPlace;
  readonly connection: SshConnection;
  readonly shells: Shells;
  readonly ahead: ConnectionsAhead;
  /** For all commands. */
  readonly limit: LimitFunction;
  /** For those that find no place in a shell. */
  readonly sessions: LimitFunction;
  /** The ports to which it has forwarded a connection. */
  readonly forwards: Set<string>;
  /** How many use it. */
  users: number;
  idle?: NodeJS.Timeout;
}

/**
 * Connections that are kept for a while after their last use. In one process, Pulumi asks for several resources on each
 * server, and a login costs about ten round trips.
 */
export class ConnectionPool {
  readonly #keptMilliseconds: number;
  readonly #kept = new Map<string, PooledConnection>();
  readonly #sockets: SharedSockets | undefined;
  #connections = 0;
  #isResumed = false;

  /** With 0, none is kept or shared in this process; `sockets` are shared with others. */
  constructor(keptMilliseconds: number, sockets?: SharedSockets) {
    this.#keptMilliseconds = keptMilliseconds;
    this.#sockets = sockets;
  }

  /** A connection to a server, which may be open already. */
  take(place: SshPlace): PooledConnection {
    if (!this.#isResumed) void this.#resume().catch(() => {});
    const keeps = this.#keptMilliseconds > 0;
    const key = placeKey(place);
    const pooled = this.#kept.get(key) ?? this.#connect(place);
    if (keeps) this.#kept.set(key, pooled);
    pooled.users++;
    clearTimeout(pooled.idle);
    return pooled;
  }

  /** To be called once for each `take`. */
  async giveBack(pooled: PooledConnection): Promise<void> {
    pooled.users--;
    if (pooled.users > 0) return;
    this.#leaveWord(pooled);
    const [key] = [...this.#kept].find(([, kept]) => kept === pooled) ?? [];
    if (key === undefined) return this.#close(pooled);
    const forget = () => {
      this.#kept.delete(key);
      return this.#close(pooled);
    };
    // Nobody waits for it, and a connection that is gone needs no goodbye.
    pooled.idle = setTimeout(() => void forget().catch(() => {}), this.#keptMilliseconds).unref();
  }

  /** The file that remembers in which slot a host was last seen, for the next process of this update or another. */
  lastSeenIn(place: SshPlace, directory: string): string | undefined {
    return this.#sockets?.lastSeenIn(place, directory);
  }

  /** Keeps none of those that are open now, because a new login may have other rights. */
  async drop(): Promise<void> {
    this.#sockets?.renew();
    const idle = [...this.#kept.values()].filter(({ users }) => users === 0);
    this.#kept.clear();
    await Promise.all(idle.map((pooled) => this.#close(pooled)));
  }

  /**
   * A process of an update that needs one of its servers will soon need the others: begins what takes round trips there,
   * over connections that another process has left.
   */
  async #resume(): Promise<void> {
    this.#isResumed = true;
    if (!this.#sockets || this.#keptMilliseconds === 0) return;
    const used = inUse(await this.#sockets.notes(USE));
    if (used.length <= FEW_SERVERS) await Promise.all(used.map((use) => this.#resumeOne(use)));
  }

  async #resumeOne({ place, ports }: ServerInUse): Promise<void> {
    if (this.#kept.has(placeKey(place))) return;
    const pooled = this.take(place);
    try {
      if (!(await pooled.connection.isThere())) return;
      for (const port of ports) pooled.ahead.expect(...port);
      await pooled.connection.open(AbortSignal.timeout(OPEN_MILLISECONDS));
    } finally {
      await this.giveBack(pooled);
    }
  }

  /** For the next process of this update. An account that sets servers up has had its turn. */
  #leaveWord({ place, connection, ahead }: PooledConnection): void {
    if (!ahead.isFar || place.user) return;
    const use = { place, ports: ahead.all };
    const leave = async () => (await connection.notes())?.leaveUse(use);
    void leave().catch(() => {});
  }

  #connect(place: SshPlace): PooledConnection {
    this.#connections++;
    const connection = new SshConnection(place, this.#sockets);
    const shells = new Shells({
      open: () => connection.spawn("echo; exec sh"),
      openWith: (commands) => connection.spawn(`${commands}exec sh`),
      kill: (shell) => shell.kill("SIGKILL"),
      most: SHELLS,
      commands: COMMANDS_OF_SHELL,
    });
    // A program of an update asks each server a thing or two before it leaves the connection to the providers.
    const isBrief = this.#sockets !== undefined && this.#keptMilliseconds === 0;
    const ahead = new ConnectionsAhead((...port) => forwardedStream(connection, place.server, ...port));
    // Commands that wait for the connection come first.
    connection.onAuthenticated = (isFar, session) => {
      if (session && isBrief) shells.adopt(session);
      setImmediate(() => {
        const isWorth = isFar && this.#connections <= FEW_SERVERS;
        shells.prepare(isWorth && !isBrief ? SHELLS_OF_FAR : 1);
        if (isWorth) ahead.begin();
      });
    };
    const [limit, sessions] = [pLimit(COMMANDS_AT_ONCE), pLimit(OTHER_SESSIONS)];
    return { place, connection, shells, ahead, limit, sessions, forwards: new Set<string>(), users: 0 };
  }

  async #close({ connection, shells, ahead, idle }: PooledConnection): Promise<void> {
    this.#connections--;
    clearTimeout(idle);
    shells.close();
    ahead.close();
    await connection.close();
  }
}

/** Those of this process. Only Pulumi's process of providers keeps any, since nobody else would close them. */
export const connectionPool =
  updateAddress() === undefined
    ? new ConnectionPool(0)
    : new ConnectionPool(engineAddress() === undefined ? 0 : KEPT_MILLISECONDS, new SharedSockets());
