import { access, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { endpoint, mayCarryRequest } from "#rollout/machine/connections.ts";
import type { ListenPlace, NginxAccess, NginxAnswer } from "#rollout/nginx/nginxAccess.ts";
import type { LocalProxyDescriptor } from "./localDescriptors.ts";
import { runningNginx } from "./nginxProcess.ts";
import { childrenOf, isAlive, type ProcessEntry, socketInodes } from "./processTable.ts";
import { readTcpTable } from "./tcpTable.ts";

const agent = new Agent({ pipelining: 0 });

/** Reaches an nginx on this machine: its files, its port, its workers in `/proc`. */
export class LocalNginxAccess implements NginxAccess {
  readonly url: string;
  readonly #directory: string;
  #master: ProcessEntry | undefined;

  constructor({ directory, address, port }: LocalProxyDescriptor) {
    this.url = `http://${endpoint(address, port)}`;
    this.#directory = directory;
  }

  async get(path: string, signal: AbortSignal): Promise<NginxAnswer> {
    return this.getAnew(path, signal);
  }

  async getAnew(path: string, signal: AbortSignal, at?: ListenPlace): Promise<NginxAnswer> {
    const url = at ? `http://${endpoint(at.address, at.port)}` : this.url;
    const response = await request(`${url}${path}`, { dispatcher: agent, reset: true, signal });
    return { statusCode: response.statusCode, body: await response.body.bytes() };
  }

  async raiseFlag(host: string): Promise<void> {
    await mkdir(join(this.#directory, "drained"), { recursive: true, mode: 0o755 });
    await writeFile(this.#flag(host), "", { mode: 0o644 });
  }

  async lowerFlag(host: string): Promise<void> {
    await rm(this.#flag(host), { force: true });
  }

  async isFlagged(host: string): Promise<boolean> {
    return access(this.#flag(host)).then(
      () => true,
      () => false,
    );
  }

  /** Only sockets that nginx's own workers hold count: others may talk to the host directly. */
  async connectionsTo(address: string, port: number): Promise<number> {
    const remote = endpoint(address, port);
    const sockets = (await readTcpTable()).filter(
      (socket) => socket.remote === remote && mayCarryRequest(socket),
    );
    if (sockets.length === 0) return 0;
    const workers = await this.#workers();
    const sets = await Promise.all(workers.map(socketInodes));
    const inodes = new Set(sets.flatMap((set) => [...set]));
    return sockets.filter((socket) => inodes.has(socket.inode)).length;
  }

  /** The master is remembered as long as it is there; its workers may change at any time. */
  async #workers(): Promise<number[]> {
    if (this.#master === undefined || !(await isAlive(this.#master))) {
      this.#master = await runningNginx(this.#directory);
    }
    return this.#master ? childrenOf(this.#master.pid) : [];
  }

  #flag(host: string): string {
    return join(this.#directory, "drained", host);
  }
}
