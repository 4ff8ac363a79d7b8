import type { HealthEndpoint } from "#rollout/host/healthEndpoint.ts";
import { type HealthReport, probe } from "#rollout/host/probe.ts";
import type { AsksNginx } from "./askAny.ts";

/** Asks for health through nginx, because hosts can only be reached from its network. */
export class HealthThroughNginx implements HealthEndpoint {
  readonly #nginx: AsksNginx;
  readonly #name: string;

  constructor(nginx: AsksNginx, name: string) {
    this.#nginx = nginx;
    this.#name = name;
  }

  async preflight(): Promise<void> {}

  /** The path is in nginx's configuration. */
  ask(_path: string, timeoutMilliseconds: number, signal: AbortSignal): Promise<HealthReport> {
    const get = async (either: AbortSignal) => {
      const { statusCode, body } = await this.#nginx.get(`/rollgate/health/${this.#name}`, either);
      return { statusCode, body: Buffer.from(body).toString("utf8") };
    };
    return probe(get, timeoutMilliseconds, signal);
  }

  async visit(path: string, signal: AbortSignal): Promise<number> {
    const { statusCode } = await this.#nginx.get(`/rollgate/warm-up/${this.#name}${path}`, signal);
    return statusCode;
  }

  /** The fleet closes the access. */
  async close(): Promise<void> {}
}
