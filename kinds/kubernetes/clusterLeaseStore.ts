import type { V1Lease } from "@kubernetes/client-node";
import { V1MicroTime } from "@kubernetes/client-node";
import { z } from "zod";
import type { LeaseRecord, LeaseStore, LeaseTiming, Renewal } from "#rollout/lease/lease.ts";
import { isAlive, thisProcess } from "#rollout/lease/thisProcess.ts";
import { type Cluster, isRefusal, orNothing } from "./cluster.ts";
import { LEASE_STATE, LEASE_STOP, ownLabels } from "./names.ts";
import { isOwn, refuseForeign } from "./own.ts";
import type { Workload } from "./workload.ts";

const leaseState = z.object({
  since: z.string(),
  beat: z.number(),
  process: z.object({ seenFrom: z.string(), pid: z.number(), startTicks: z.string() }).optional(),
  owner: z.string(),
});

/**
 * The lease of a workload as a Lease object beside it: `leaseTransitions` is the generation, and a Lease without a holder
 * is released. The annotation `rollgate/stop` asks the owner to stop. A Lease of somebody else is never written.
 */
export class ClusterLeaseStore implements LeaseStore {
  readonly #cluster: Cluster;
  readonly #place: { readonly name: string; readonly namespace: string };
  readonly #durationSeconds: number;

  constructor(
    cluster: Cluster,
    { name, namespace }: Pick<Workload, "name" | "namespace">,
    { expiryMilliseconds }: Pick<LeaseTiming, "expiryMilliseconds">,
  ) {
    this.#cluster = cluster;
    this.#place = { name, namespace };
    this.#durationSeconds = Math.ceil(expiryMilliseconds / 1000);
  }

  async newest() {
    const lease = await this.#readOwn();
    return lease && { generation: generationOf(lease), record: recordOf(lease) };
  }

  async claim(generation: number, record: LeaseRecord): Promise<boolean> {
    const current = await this.#readOwn();
    if (current && generationOf(current) !== generation - 1) return false;
    const body = await this.#lease(generation, record, current?.metadata?.resourceVersion);
    const { name, namespace } = this.#place;
    const { coordination, ask } = this.#cluster;
    return won(
      current
        ? ask(coordination.replaceNamespacedLease({ name, namespace, body }))
        : ask(coordination.createNamespacedLease({ namespace, body })),
    );
  }

  async renew(generation: number, record: LeaseRecord): Promise<Renewal> {
    for (;;) {
      const current = await this.#read();
      if (!current || !isOwn(current, this.#place.name) || generationOf(current) !== generation) {
        return { isHeld: false, holder: current && recordOf(current) };
      }
      const stop = current.metadata?.annotations?.[LEASE_STOP];
      const body = await this.#lease(generation, record, current.metadata?.resourceVersion, stop);
      const replaced = this.#cluster.coordination.replaceNamespacedLease({ ...this.#place, body });
      // Somebody asked to stop at this moment, or took it over.
      if (!(await won(this.#cluster.ask(replaced)))) continue;
      return { isHeld: true, stopRequested: stop !== undefined };
    }
  }

  /** Known at once if the owner ran on this machine; otherwise the lease of a dead owner expires. */
  async isGone(): Promise<boolean> {
    const lease = await this.#read();
    const { process } = (lease && stateOf(lease)) ?? {};
    return process !== undefined && (await isAlive(process)) === false;
  }

  #read(): Promise<V1Lease | undefined> {
    return orNothing(this.#cluster.ask(this.#cluster.coordination.readNamespacedLease(this.#place)));
  }

  async #readOwn(): Promise<V1Lease | undefined> {
    const lease = await this.#read();
    refuseForeign("Lease", lease, this.#place);
    return lease;
  }

  async #lease(
    generation: number,
    { owner, since, beat, released }: LeaseRecord,
    resourceVersion: string | undefined,
    stop?: string,
  ): Promise<V1Lease> {
    const state = JSON.stringify({ since, beat, owner, process: await thisProcess() });
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        ...this.#place,
        labels: ownLabels(this.#place.name),
        annotations: { [LEASE_STATE]: state, ...(stop !== undefined && { [LEASE_STOP]: stop }) },
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
      spec: {
        holderIdentity: released ? "" : owner,
        leaseTransitions: generation,
        leaseDurationSeconds: this.#durationSeconds,
        acquireTime: new V1MicroTime(since),
        renewTime: new V1MicroTime(),
      },
    };
  }
}

function generationOf({ spec }: V1Lease): number {
  return spec?.leaseTransitions ?? 0;
}

function stateOf({ metadata }: V1Lease) {
  const written = metadata?.annotations?.[LEASE_STATE];
  return written === undefined ? undefined : leaseState.parse(JSON.parse(written));
}

function recordOf(lease: V1Lease): LeaseRecord {
  const { holderIdentity: holder = "", acquireTime } = lease.spec ?? {};
  const { owner, since, beat } = stateOf(lease) ?? {
    owner: holder,
    since: String(acquireTime?.toISOString()),
    beat: 0,
  };
  return { owner: holder || owner, since, beat, released: holder === "" };
}

/** Whether nobody else was faster. */
async function won(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isRefusal(error, 404, 409)) return false;
    throw error;
  }
}
