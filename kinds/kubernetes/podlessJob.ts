import type { V1Job } from "@kubernetes/client-node";
import { type Cluster, orNothing } from "./cluster.ts";

/** The API may be late with what a new pod needs, such as its service account. */
const PATIENCE_MILLISECONDS = 3_000;

/** A Job that has no pod: either its controller has not got to it yet, or something keeps it from getting one. */
export class PodlessJob {
  readonly #cluster: Cluster;
  readonly #job: V1Job;
  #refusedSince: number | undefined;

  constructor(cluster: Cluster, job: V1Job) {
    this.#cluster = cluster;
    this.#job = job;
  }

  /** Why it will get none, such as a quota; `undefined` if it may still get one. */
  async reason(): Promise<string | undefined> {
    const { batch, ask } = this.#cluster;
    const { name = "", namespace = "", uid } = this.#job.metadata ?? {};
    const now = await orNothing(ask(batch.readNamespacedJob({ name, namespace })));
    if (now?.metadata?.uid !== uid) return `somebody deleted Job ${name}`;
    const failed = now?.status?.conditions?.find(
      ({ type, status }) => type === "Failed" && status === "True",
    );
    if (failed) return `Job ${name} failed: ${failed.message ?? failed.reason}`;
    const refusal = await this.#refusal();
    if (refusal === undefined) return undefined;
    this.#refusedSince ??= performance.now();
    if (performance.now() - this.#refusedSince < PATIENCE_MILLISECONDS) return undefined;
    return `Job ${name} gets no pod: ${refusal}`;
  }

  /** What the API said when the controller wanted to create its pod; accounts that may see no events don't hear of it. */
  async #refusal(): Promise<string | undefined> {
    const { core, ask } = this.#cluster;
    const { namespace = "", uid } = this.#job.metadata ?? {};
    const fieldSelector = `involvedObject.uid=${uid},reason=FailedCreate`;
    const events = await ask(core.listNamespacedEvent({ namespace, fieldSelector })).catch(() => undefined);
    return events?.items.at(-1)?.message;
  }
}
