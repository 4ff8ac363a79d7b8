import { RollgateError } from "#rollout/common/errors.ts";
import type { Cluster } from "../cluster.ts";
import { selectorOf } from "../labels.ts";
import type { Workload } from "../workload.ts";
import { FRONT_CONTROL_PORT } from "./frontConfiguration.ts";

const ANSWER_MILLISECONDS = 4_000;

/** A pod of nginx that runs. */
export interface FrontPod {
  readonly name: string;
  /** Whether clients come to it. */
  readonly isReady: boolean;
  readonly isEnding: boolean;
}

/** The pods of nginx in front of a workload, and what they say on loopback. */
export class FrontPods {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly name: string;

  constructor(cluster: Cluster, { namespace }: Pick<Workload, "namespace">, name: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.name = name;
  }

  async list(): Promise<readonly FrontPod[]> {
    const { core, ask } = this.#cluster;
    const labelSelector = Object.entries(selectorOf(this.name)).map(([label, value]) => `${label}=${value}`);
    const namespace = this.#namespace;
    const pods = await ask(core.listNamespacedPod({ namespace, labelSelector: labelSelector.join() }));
    return pods.items
      .filter(({ status }) => status?.phase === "Running")
      .map(({ metadata, status }) => ({
        name: metadata?.name ?? "",
        isReady: status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false,
        isEnding: metadata?.deletionTimestamp !== undefined,
      }));
  }

  /** What one of them answers. */
  async ask(pod: Pick<FrontPod, "name">, path: string): Promise<unknown> {
    const place = { namespace: this.#namespace, name: pod.name, port: FRONT_CONTROL_PORT };
    const over = AbortSignal.timeout(ANSWER_MILLISECONDS);
    const body = await this.#cluster.askLoopback(place, path, over);
    try {
      return JSON.parse(body);
    } catch (error) {
      throw new RollgateError("no-answer", `pod ${pod.name}: expected JSON, got ${body.slice(0, 60)}`, {
        cause: error,
      });
    }
  }
}

/** What others need of it. */
export type AskedPods = Pick<FrontPods, "name" | "list" | "ask">;
