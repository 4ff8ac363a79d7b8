import { setTimeout as sleep } from "node:timers/promises";
import type { Counted } from "#rollout/analysis/soakAnalysis.ts";
import { CountedRows } from "#rollout/ledger/countedRows.ts";
import { bucketOf } from "#rollout/ledger/latency.ts";
import type { LedgerRow } from "#rollout/ledger/ledgerSums.ts";
import type { ProbeTraffic } from "#rollout/request/probeTraffic.ts";
import type { Cluster } from "./cluster.ts";
import type { PodView } from "./look.ts";

const LONGEST_MILLISECONDS = 10_000;
/** If answers take long, requests must not pile up. */
const MOST_AT_ONCE = 50;

/** Sends requests to the pods that serve, one after the other, and counts the answers: the old release is held against the new one. */
export class PodProbes implements Counted {
  readonly #cluster: Pick<Cluster, "getFromPod">;
  readonly #namespace: string;
  readonly #policy: ProbeTraffic;
  readonly #releases = new Map<string, string>();
  readonly isOn = true;
  readonly #rows = new CountedRows({ at: (pod) => this.#releases.get(pod) });
  readonly #ending = new AbortController();
  readonly #open = new Set<Promise<void>>();
  readonly #pods = new Map<string, readonly PodView[]>();
  #sending: Promise<void> | undefined;

  constructor(cluster: Pick<Cluster, "getFromPod">, namespace: string, policy: ProbeTraffic) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#policy = policy;
  }

  /** Asks these pods of a workload from now on. */
  follow(pods: readonly PodView[], workload: string): void {
    const serving = pods.filter(({ serves, isEnding }) => serves && !isEnding);
    this.#pods.set(workload, serving);
    for (const { name, release } of serving) this.#releases.set(name, release ?? "unknown");
    this.#sending ??= this.#keepSending();
  }

  /** Clients are not seen here. */
  rows(): readonly LedgerRow[] {
    return NO_ROWS;
  }

  probes(): readonly LedgerRow[] {
    return this.#rows.rows();
  }

  admittedAt(): undefined {
    return undefined;
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#sending;
    await Promise.all(this.#open);
  }

  get #all(): readonly PodView[] {
    return [...this.#pods.values()].flat();
  }

  async #keepSending(): Promise<void> {
    const { signal } = this.#ending;
    for (let turn = 0; !signal.aborted; turn++) {
      const pods = this.#all;
      const pod = pods[turn % Math.max(1, pods.length)];
      if (pod && this.#open.size < MOST_AT_ONCE) {
        const sent = this.#send(pod).finally(() => this.#open.delete(sent));
        this.#open.add(sent);
      }
      await sleep(1000 / this.#policy.requestsPerSecond, undefined, { signal }).catch(() => {});
    }
  }

  async #send({ name, port = 0 }: PodView): Promise<void> {
    const began = performance.now();
    const place = { namespace: this.#namespace, name, port };
    const over = AbortSignal.timeout(LONGEST_MILLISECONDS);
    const answer = await this.#cluster.getFromPod(place, this.#policy.path, over).then(
      (status) => ({ status }),
      () => undefined,
    );
    // An API that fails says nothing about the pod, and a pod that ends meanwhile may answer or not.
    if (!answer || !this.#all.some((pod) => pod.name === name)) return;
    const { status } = answer;
    this.#rows.add({
      second: Math.floor(Date.now() / 1000),
      slot: name,
      requests: 1,
      lost: status === undefined ? 1 : 0,
      errors: status !== undefined && status >= 500 ? 1 : 0,
      cut: 0,
      retries: 0,
      bytes: 0,
      latency: { [bucketOf(performance.now() - began)]: 1 },
    });
  }
}

const NO_ROWS: readonly LedgerRow[] = [];
