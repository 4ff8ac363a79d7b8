import { errors, type Pool } from "undici";
import type { Machine } from "../machine/machine.ts";
import { machinePool } from "../machine/machinePool.ts";
import type { HostPlace } from "./hostPlace.ts";
import { type HealthReport, MAX_BODY_BYTES, probe } from "./probe.ts";

/** Over SSH, each connection is a process here and one there. */
const VISITS_AT_ONCE = 4;
/** A connection with a longer answer is closed. */
const MOST_BODY_BYTES = 16 * 1024 * 1024;

/** Access to an application, for the rollout's own requests. */
export interface HealthEndpoint {
  /** Throws a one-line error if the endpoint could not be reached whatever is running. */
  preflight(signal: AbortSignal): Promise<void>;
  /** Asks once; never throws. */
  ask(path: string, timeoutMilliseconds: number, signal: AbortSignal): Promise<HealthReport>;
  /** Requests a page and returns its status; the body is read and dropped. */
  visit(path: string, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/** Asks over connections made by the host's machine; expensive ones are kept open for a while. */
export class MachineHealth implements HealthEndpoint {
  readonly #http: Pool;
  readonly #visits: Pool;
  readonly #keptMilliseconds: number;

  constructor(
    machine: Pick<Machine, "connect" | "connectAhead">,
    { address, port, healthPort = port }: HostPlace,
    keptMilliseconds: number,
  ) {
    this.#keptMilliseconds = keptMilliseconds;
    this.#visits = machinePool(machine, address, port, { connections: VISITS_AT_ONCE });
    this.#http = machinePool(machine, address, healthPort, {
      connections: 2,
      maxResponseSize: MAX_BODY_BYTES,
      expected: 1,
      ...(keptMilliseconds > 0 && { keepAliveTimeout: keptMilliseconds }),
    });
  }

  async preflight(_signal: AbortSignal): Promise<void> {}

  ask(path: string, timeoutMilliseconds: number, signal: AbortSignal): Promise<HealthReport> {
    return probe((either) => this.#askTwice(path, either), timeoutMilliseconds, signal);
  }

  async visit(path: string, signal: AbortSignal): Promise<number> {
    const { statusCode, body } = await this.#visits.request({ method: "GET", path, signal });
    await body.dump({ limit: MOST_BODY_BYTES, signal });
    return statusCode;
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.destroy(), this.#visits.destroy()]);
  }

  async #askTwice(path: string, signal: AbortSignal) {
    return this.#get(path, signal).catch((error: unknown) => {
      // The kept connection was to the previous process.
      if (this.#keptMilliseconds > 0 && error instanceof errors.SocketError && !signal.aborted)
        return this.#get(path, signal);
      throw error;
    });
  }

  async #get(path: string, signal: AbortSignal) {
    const reset = this.#keptMilliseconds === 0;
    const { statusCode, body } = await this.#http.request({ method: "GET", path, signal, reset });
    return { statusCode, body: await body.text() };
  }
}
