import { secondsSince } from "#rollout/common/secondsSince.ts";
import type { PodView } from "./look.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Tells of the pods that give way to others. */
export class LeavingPods {
  readonly #context: Pick<KubernetesRollContext, "report" | "workload">;
  readonly #since = new Map<string, number>();

  constructor(context: Pick<KubernetesRollContext, "report" | "workload">) {
    this.#context = context;
  }

  /** These are there, besides those that stay. */
  look(old: readonly PodView[]): void {
    const { report, workload } = this.#context;
    for (const { name, isEnding, release = "an unknown release" } of old) {
      if (!isEnding || this.#since.has(name)) continue;
      this.#since.set(name, performance.now());
      report("drain", `${release} leaves ${workload.service}`, { name });
    }
    for (const [name, since] of this.#since) {
      if (old.some((pod) => pod.name === name)) continue;
      this.#since.delete(name);
      report("stop", `ended after ${secondsSince(since)} s`, { name }, performance.now() - since);
    }
  }
}
