import { errors, type Pool } from "undici";
import { isSystemError } from "../common/errors.ts";
import { runGuarded } from "../lease/guarded.ts";
import type { LeaseGuard } from "../lease/lease.ts";
import { tableEndpoint } from "../machine/connections.ts";
import { portHolder } from "../machine/listeners.ts";
import type { Machine } from "../machine/machine.ts";
import { machinePool, openerOf, poolOver } from "../machine/machinePool.ts";
import { untilConnected } from "../machine/untilConnected.ts";
import { CONTROL_ADDRESS } from "./configuration/controlServer.ts";
import { PROBE_ADDRESS } from "./configuration/probeServer.ts";
import { MachineLedger } from "./machineLedger.ts";
import { MachineStatusFile } from "./machineStatusFile.ts";
import type { GroupedNginxAccess, NginxAnswer } from "./nginxAccess.ts";
import { nginxScript } from "./nginxScripts.ts";

/** A connection may cost a command on the machine, and gates ask several times a second. */
const KEPT_MILLISECONDS = 30_000;
/** What nginx answers by itself, at once. So many questions go out without waiting for the answers before them. */
const OWN: Pool.Options = { connections: 1, pipelining: 64, keepAliveTimeout: KEPT_MILLISECONDS };
/** What nginx asks an application, one question at a time: a slow one would hold up those behind it. */
const PASSED_ON: Pool.Options = { connections: 3, keepAliveTimeout: KEPT_MILLISECONDS };
const IS_PASSED_ON = /^\/rollgate\/(health|warm-up)\//;
/** A look at a fleet asks for what nginx knows and for what applications answer it, all at once. */
const EXPECTED = 4;
const PROBES: Pool.Options = { connections: 4, keepAliveTimeout: KEPT_MILLISECONDS };
/** How much of an answer is read before its connection is given up. */
const PROBE_BYTES = 10_000_000;
const REACHED_MILLISECONDS = 3_000;
/** How often a script checks for remaining connections before it reports them: about half a second in total. */
const LOOKS = 12;
const NAME_RELEASE = nginxScript("name-release");
const COUNT_CONNECTIONS = nginxScript("find-master", "count-connections");
const RAISE_FLAG = nginxScript("forget-sum", "raise-flag", "sum-flags");
const LOWER_FLAG = nginxScript("forget-sum", "lower-flag", "sum-flags");
const END_LEDGER = nginxScript("end-ledger");
const SUM_FLAGS = nginxScript("enter-flags", "forget-sum", "sum-flags");

/** Where an nginx is on its machine. */
export interface NginxPlace {
  /** Where clients reach it on its machine. */
  readonly address: string;
  readonly port: number;
  /** Where only the rollout does. */
  readonly controlPort: number;
  /** Where clients reach the service. */
  readonly url: string;
  /** The folder of our files, which is nginx's prefix if it is ours. */
  readonly directory: string;
  /** What tells its master from others, if not that prefix: its pid file, or another prefix. */
  readonly master?: string;
}

/**
 * Reaches an nginx from its own machine, so that nginx sees the deployer connect from there.
 * No port has to be open to the deployer.
 */
export class MachineNginxAccess implements GroupedNginxAccess {
  readonly url: string;
  readonly ledger: MachineLedger;
  readonly status: MachineStatusFile;
  readonly #machine: Machine;
  readonly #place: NginxPlace;
  readonly #own: Pool;
  readonly #passedOn: Pool;
  #probes: Pool | undefined;
  #guard: LeaseGuard | undefined;
  #master = "0";

  constructor(machine: Machine, place: NginxPlace) {
    this.url = place.url;
    this.#machine = machine;
    this.#place = place;
    this.ledger = new MachineLedger(machine, place, this);
    this.status = new MachineStatusFile(machine, place.directory, place.url);
    const open = openerOf(machine, CONTROL_ADDRESS, place.controlPort, EXPECTED);
    this.#own = poolOver(open, OWN);
    this.#passedOn = poolOver(open, PASSED_ON);
  }

  guardBy(guard: LeaseGuard | undefined): boolean {
    this.#guard = guard?.machine === this.#machine ? guard : undefined;
    return this.#guard !== undefined;
  }

  async get(path: string, signal: AbortSignal): Promise<NginxAnswer> {
    return untilConnected(this.#machine, (allowed) => this.#get(path, allowed), signal);
  }

  async getAnew(path: string, signal: AbortSignal, controlPort?: number): Promise<NginxAnswer> {
    return untilConnected(this.#machine, (allowed) => this.#getAnew(path, allowed, controlPort), signal);
  }

  async probe(path: string, signal: AbortSignal): Promise<number> {
    const { url, controlPort } = this.#place;
    this.#probes ??= machinePool(this.#machine, PROBE_ADDRESS, controlPort, PROBES);
    // The application may look at the name under which it is asked.
    const headers = { host: new URL(url).host, "user-agent": "rollgate" };
    const { statusCode, body } = await this.#probes.request({ method: "GET", path, headers, signal });
    await body.dump({ limit: PROBE_BYTES, signal });
    return statusCode;
  }

  async raiseFlag(host: string): Promise<void> {
    await this.#change(RAISE_FLAG, host);
  }

  async lowerFlag(host: string): Promise<void> {
    await this.#change(LOWER_FLAG, host);
  }

  async endLedger(flag: string): Promise<void> {
    await this.#change(END_LEDGER, flag, LOWER_FLAG);
  }

  async sumFlags(): Promise<void> {
    await this.#run(SUM_FLAGS);
  }

  async nameRelease(place: string, release: string): Promise<void> {
    await this.#machine.run(NAME_RELEASE, [this.#place.directory, place, release]);
  }

  async isFlagged(host: string): Promise<boolean> {
    return (await this.#run('if [ -e "$1/drained/$2" ]; then echo yes; fi', host)) !== "";
  }

  /** Counts only nginx's own sockets, as far as they can be identified, since others may talk to the host directly. */
  async connectionsTo(address: string, port: number): Promise<number> {
    const { directory, master: where = directory } = this.#place;
    const args = [where, this.#master, tableEndpoint(address, port), String(LOOKS)];
    const [count, master] = (await this.#machine.run(COUNT_CONNECTIONS, args)).trim().split(" ");
    this.#master = master ?? "0";
    return Number(count);
  }

  async isListening(): Promise<boolean> {
    return (await portHolder(this.#machine, CONTROL_ADDRESS, this.#place.controlPort)) !== undefined;
  }

  async reaches(url: string): Promise<boolean> {
    const { hostname, port, protocol } = new URL(url);
    const address = hostname.replace(/^\[|\]$/g, "");
    // Over plain HTTP, because the answer that a server wants TLS is an answer, too.
    const own = Number(port) || (protocol === "https:" ? 443 : 80);
    const pool = machinePool(this.#machine, address, own, { connections: 1 });
    try {
      await ask(pool, "/", AbortSignal.timeout(REACHED_MILLISECONDS));
      return true;
    } catch {
      return false;
    } finally {
      await pool.destroy();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#own.destroy(), this.#passedOn.destroy(), this.#probes?.destroy()]);
  }

  async #get(path: string, signal: AbortSignal): Promise<NginxAnswer> {
    try {
      return await (IS_PASSED_ON.test(path)
        ? ask(this.#passedOn, path, signal)
        : ask(this.#own, path, signal, false));
    } catch (error) {
      // The kept connection broke, as it does when nginx is restarted.
      const isBroken = error instanceof errors.SocketError || isSystemError(error, "ECONNRESET", "EPIPE");
      if (isBroken && !signal.aborted) return this.#getAnew(path, signal);
      throw error;
    }
  }

  async #getAnew(
    path: string,
    signal: AbortSignal,
    controlPort = this.#place.controlPort,
  ): Promise<NginxAnswer> {
    const pool = machinePool(this.#machine, CONTROL_ADDRESS, controlPort, { connections: 1 });
    try {
      return await ask(pool, path, signal);
    } finally {
      await pool.destroy();
    }
  }

  #change(script: string, ...flag: readonly string[]): Promise<string> {
    const args = [this.#place.directory, ...flag];
    return this.#guard
      ? runGuarded(this.#machine, this.#guard, script, args)
      : this.#machine.run(script, args);
  }

  #run(script: string, ...flag: readonly string[]): Promise<string> {
    return this.#machine.run(script, [this.#place.directory, ...flag]);
  }
}

/** Unless it is `blocking`, questions go out behind it before it is answered. */
async function ask(pool: Pool, path: string, signal: AbortSignal, blocking = true): Promise<NginxAnswer> {
  const response = await pool.request({ method: "GET", path, signal, blocking });
  return { statusCode: response.statusCode, body: await response.body.bytes() };
}
