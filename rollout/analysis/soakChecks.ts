import { setTimeout as sleep } from "node:timers/promises";
import type { RollgateError } from "../common/errors.ts";
import type { AnalysisCheck } from "../request/analysisChecks.ts";
import type { Facts } from "../request/placeholders.ts";
import { AskedCheck } from "./askedCheck.ts";
import { WebClient } from "./webClient.ts";

/** Asks servers and Prometheus about a release while it soaks. */
export class SoakChecks {
  readonly #checks: readonly AskedCheck[];
  readonly #client = new WebClient();
  readonly #asking = new AbortController();
  readonly #ended = new AbortController();
  readonly #loops: readonly Promise<void>[];

  /** Begins to ask; call `stop` in the end. */
  constructor(checks: readonly AnalysisCheck[], facts: Facts) {
    this.#checks = checks.map((check) => new AskedCheck(check, facts, this.#client));
    this.#loops = this.#checks.map((check) => this.#keepAsking(check));
  }

  /** Of the first one that the release has not passed. */
  get failure(): RollgateError | undefined {
    return this.#checks.find(({ failure }) => failure)?.failure;
  }

  /** The last answers, in a line. */
  describe(): string {
    return this.#checks.map(({ message }) => message).join("; ");
  }

  /** Asks everyone for the last time, since the end of a soak tells most. */
  async finish(): Promise<void> {
    this.#asking.abort();
    await Promise.all(this.#loops);
    await Promise.all(this.#checks.map((check) => check.ask(this.#ended.signal)));
    for (const check of this.#checks) check.end();
  }

  async stop(): Promise<void> {
    this.#asking.abort();
    this.#ended.abort();
    await Promise.all(this.#loops);
    await this.#client.close();
  }

  async #keepAsking(check: AskedCheck): Promise<void> {
    const { signal } = this.#asking;
    while (!signal.aborted) {
      await check.ask(signal);
      await sleep(check.intervalSeconds * 1000, undefined, { signal }).catch(() => {});
    }
  }
}
