import { RollgateError } from "#rollout/common/errors.ts";
import { type HealthEndpoint, MachineHealth } from "#rollout/host/healthEndpoint.ts";
import type { HostPlace } from "#rollout/host/hostPlace.ts";
import type { HealthReport } from "#rollout/host/probe.ts";
import { endpoint } from "#rollout/machine/connections.ts";
import { NOT_FORWARDED } from "./forwardedStream.ts";
import type { SshMachine } from "./sshMachine.ts";

const KEPT_MILLISECONDS = 30_000;
const ANSWER_MILLISECONDS = 10_000;
/** The server itself was reached, even if the answer is bad or nobody listens on the port. */
const REACHED = /^\d{3}\b|refused|does not forward connections/i;
const ANSWERED = /^\d{3}\b/;

/** Asks for health through a connection to the server. */
export class SshHealth implements HealthEndpoint {
  readonly #machine: SshMachine;
  readonly #health: MachineHealth;
  readonly #endpoint: string;

  constructor(machine: SshMachine, place: HostPlace) {
    this.#machine = machine;
    this.#health = new MachineHealth(machine, place, KEPT_MILLISECONDS);
    this.#endpoint = endpoint(place.address, place.healthPort ?? place.port);
  }

  /** A port that was reached a moment ago is not asked again. */
  async preflight(signal: AbortSignal): Promise<void> {
    if (this.#machine.forwards.has(this.#endpoint)) return;
    const { detail } = await this.ask("/", ANSWER_MILLISECONDS, signal);
    if (detail.includes(NOT_FORWARDED)) throw new RollgateError("not-forwarded", detail);
  }

  /** If the connection to the server broke, the failure says nothing about the application, so it asks again. */
  async ask(path: string, timeoutMilliseconds: number, signal: AbortSignal): Promise<HealthReport> {
    for (;;) {
      const { opened } = this.#machine;
      const report = await this.#health.ask(path, timeoutMilliseconds, signal);
      if (report.isRefused || ANSWERED.test(report.detail)) this.#machine.forwards.add(this.#endpoint);
      if (report.up || REACHED.test(report.detail) || signal.aborted) return report;
      const isBack = await this.#machine.run("true", [], { signal }).then(
        () => true,
        () => false,
      );
      if (!isBack || this.#machine.opened === opened) return report;
    }
  }

  visit(path: string, signal: AbortSignal): Promise<number> {
    return this.#health.visit(path, signal);
  }

  listensSoon(started: Promise<unknown>): void {
    this.#health.listensSoon(started);
  }

  async close(): Promise<void> {
    await this.#health.close();
  }
}
