import { z } from "zod";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { AskedPods, FrontPod } from "./frontPods.ts";

const status = z.object({
  servers: z.object({
    server: z.array(z.object({ host: z.string(), status: z.string(), drained: z.boolean() })),
  }),
});

/** Which pods every nginx in front sends requests to. */
export class FrontAdmission {
  readonly #pods: AskedPods;
  #complaint = "";

  constructor(pods: AskedPods) {
    this.#pods = pods;
  }

  /** Why the last look found fewer than all. */
  get complaint(): string {
    return this.#complaint || `not every pod of ${this.#pods.name} finds it up`;
  }

  /** Asks every pod of nginx that clients come to; nobody is admitted as long as one does not answer. */
  async look(): Promise<ReadonlySet<string>> {
    this.#complaint = "";
    try {
      const pods = (await this.#pods.list()).filter(({ isReady, isEnding }) => isReady && !isEnding);
      if (pods.length === 0) throw new RollgateError("no-nginx", `no pod of ${this.#pods.name} is ready`);
      const [first = new Set<string>(), ...others] = await Promise.all(pods.map((pod) => this.#upBy(pod)));
      return new Set([...first].filter((name) => others.every((up) => up.has(name))));
    } catch (error) {
      if (!(error instanceof RollgateError)) throw error;
      this.#complaint = messageOf(error);
      return new Set();
    }
  }

  async #upBy(pod: FrontPod): Promise<Set<string>> {
    const found = status.parse(await this.#pods.ask(pod, "/status?format=json"));
    const up = found.servers.server.filter((each) => each.status === "up" && !each.drained);
    return new Set(up.map(({ host }) => host));
  }
}
