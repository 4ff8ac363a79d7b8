import { errors, type Pool } from "undici";
import { endpoint, mayCarryRequest, parseTcpTable } from "../machine/connections.ts";
import type { Machine } from "../machine/machine.ts";
import { machinePool } from "../machine/machinePool.ts";
import type { ListenPlace, NginxAccess, NginxAnswer } from "./nginxAccess.ts";

const KEPT_MILLISECONDS = 30_000;

/** Where an nginx is on its machine. */
export interface NginxPlace {
  /** Where clients reach the service. */
  readonly url: string;
  /** nginx's own prefix. */
  readonly directory: string;
  /** The port that nginx listens on there. */
  readonly port: number;
  /** An address of the machine that nginx listens on; loopback unless given. */
  readonly address?: string;
}

/**
 * Reaches an nginx on another machine from that machine itself, where it takes the deployer for what it is: the
 * connection comes from loopback. No port has to be open to the deployer.
 */
export class MachineNginxAccess implements NginxAccess {
  readonly url: string;
  readonly #machine: Machine;
  readonly #place: NginxPlace;
  readonly #pool: Pool;

  constructor(machine: Machine, place: NginxPlace) {
    this.url = place.url;
    this.#machine = machine;
    this.#place = place;
    // A connection costs a command on the machine, and gates ask several times a second.
    this.#pool = this.#open({ connections: 4, keepAliveTimeout: KEPT_MILLISECONDS });
  }

  async get(path: string, signal: AbortSignal): Promise<NginxAnswer> {
    try {
      return await ask(this.#pool, path, signal);
    } catch (error) {
      // The kept connection broke, as it does when nginx is restarted.
      if (error instanceof errors.SocketError && !signal.aborted) return this.getAnew(path, signal);
      throw error;
    }
  }

  async getAnew(path: string, signal: AbortSignal, at?: ListenPlace): Promise<NginxAnswer> {
    const pool = this.#open({ connections: 1 }, at);
    try {
      return await ask(pool, path, signal);
    } finally {
      await pool.destroy();
    }
  }

  async raiseFlag(host: string): Promise<void> {
    await this.#run('mkdir -p "$1/drained" && : > "$1/drained/$2"', host);
  }

  async lowerFlag(host: string): Promise<void> {
    await this.#run('rm -f "$1/drained/$2"', host);
  }

  async isFlagged(host: string): Promise<boolean> {
    return (await this.#run('if [ -e "$1/drained/$2" ]; then echo yes; fi', host)) !== "";
  }

  /** In nginx's own network namespace, where nobody else has connections. */
  async connectionsTo(address: string, port: number): Promise<number> {
    const text = await this.#machine.run("cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null; exit 0", []);
    const tables = text.split(/(?=^\s*sl\s)/m);
    const remote = endpoint(address, port);
    return tables
      .flatMap(parseTcpTable)
      .filter((socket) => socket.remote === remote && mayCarryRequest(socket)).length;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #run(script: string, host: string): Promise<string> {
    return this.#machine.run(script, [this.#place.directory, host]);
  }

  #open(options: Pool.Options, { address = "127.0.0.1", port }: Partial<ListenPlace> = this.#place): Pool {
    return machinePool(this.#machine, reachable(address), port ?? this.#place.port, options);
  }
}

/** Loopback stands for every address. */
function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return /^[0:]+$/.test(address) ? "::1" : address;
}

async function ask(pool: Pool, path: string, signal: AbortSignal): Promise<NginxAnswer> {
  const response = await pool.request({ method: "GET", path, signal });
  return { statusCode: response.statusCode, body: await response.body.bytes() };
}
