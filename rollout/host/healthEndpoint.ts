import { errors, type Pool } from "undici";
import type { Machine, PortAhead } from "../machine/machine.ts";
import { machinePool, poolOver } from "../machine/machinePool.ts";
import type { HostPlace } from "./hostPlace.ts";
import { type HealthReport, MAX_BODY_BYTES, probe } from "./probe.ts";
import { untilListening } from "./untilListening.ts";

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
  /** Resolves once something listens there, or rejects as `signal` aborts; absent where a connection is expensive. */
  readonly untilListening?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Requests a page and returns its status; the body is read and dropped. */
  visit(path: string, signal: AbortSignal): Promise<number>;
  /** Called with a start that has begun, so that connections may be there when it is over. */
  listensSoon?(started: Promise<unknown>): void;
  close(): Promise<void>;
}

/** Asks over connections made by the host's machine; expensive ones are kept open for a while. */
export class MachineHealth implements HealthEndpoint {
  readonly #http: Pool;
  readonly #visits: Pool;
  readonly #keptMilliseconds: number;
  readonly #ahead: PortAhead | undefined;
  readonly untilListening: HealthEndpoint["untilListening"];

  constructor(
    machine: Pick<Machine, "connect" | "connectAhead">,
    { address, port, healthPort = port }: HostPlace,
    keptMilliseconds: number,
  ) {
    this.#keptMilliseconds = keptMilliseconds;
    if (keptMilliseconds === 0)
      this.untilListening = (signal) => untilListening(() => machine.connect(address, healthPort), signal);
    this.#visits = machinePool(machine, address, port, { connections: VISITS_AT_ONCE });
    this.#ahead = machine.connectAhead?.(address, healthPort, 1);
    this.#http = poolOver(() => (this.#ahead ?? machine).connect(address, healthPort), {
      connections: 2,
      maxResponseSize: MAX_BODY_BYTES,
      ...(keptMilliseconds > 0 && { keepAliveTimeout: keptMilliseconds }),
    });
  }

  async preflight(_signal: AbortSignal): Promise<void> {}

  ask(path: string, timeoutMilliseconds: number, signal: AbortSignal): Promise<HealthReport> {
    return probe((either) => this.#askAgain(path, either), timeoutMilliseconds, signal);
  }

  async visit(path: string, signal: AbortSignal): Promise<number> {
    const { statusCode, body } = await this.#visits.request({ method: "GET", path, signal });
    await body.dump({ limit: MOST_BODY_BYTES, signal });
    return statusCode;
  }

  listensSoon(started: Promise<unknown>): void {
    this.#ahead?.listensSoon(started);
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.destroy(), this.#visits.destroy()]);
  }

  async #askAgain(path: string, signal: AbortSignal) {
    for (let mayBeOld = this.#keptMilliseconds > 0; ; ) {
      try {
        return await this.#get(path, signal);
      } catch (error) {
        // The kept connection was to the previous process.
        const wasOld = mayBeOld && error instanceof errors.SocketError;
        mayBeOld = false;
        // One that was opened during a start may have come too early, and the next one not.
        if (signal.aborted || !(wasOld || this.#ahead?.hasMore)) throw error;
      }
    }
  }

  async #get(path: string, signal: AbortSignal) {
    const reset = this.#keptMilliseconds === 0;
    const { statusCode, body } = await this.#http.request({ method: "GET", path, signal, reset });
    return { statusCode, body: await body.text() };
  }
}
