import type {
  V1ContainerState,
  V1Deployment,
  V1EndpointSlice,
  V1Pod,
  V1PodStatus,
  V1ReplicaSet,
} from "@kubernetes/client-node";
import { type Cluster, orNothing } from "./cluster.ts";
import { GOOD, RELEASE, REVISION, TEMPLATE_HASH } from "./names.ts";
import type { Workload } from "./workload.ts";

/** A revision that Kubernetes keeps. */
export interface Revision {
  /** Of the pod template; names the revision. */
  readonly hash: string;
  readonly release: string | undefined;
  readonly replicaSet: V1ReplicaSet;
}

/** A pod of the workload. */
export interface PodView {
  readonly name: string;
  readonly hash: string;
  readonly release: string | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly node: string | undefined;
  readonly isReady: boolean;
  /** Whether the Service sends it new requests. */
  readonly serves: boolean;
  /** Whether it is being deleted, or has ended for good, such as by an eviction or the shutdown of its node. */
  readonly isEnding: boolean;
  readonly restarts: number;
  /** What the application's container waits for, or how it ended. */
  readonly state: V1ContainerState | undefined;
  /** How it ended before its last restart. */
  readonly lastState: V1ContainerState | undefined;
  /** Why it is on no node. */
  readonly unschedulable: string | undefined;
}

/** What the API knows of a workload at one moment. */
export interface Look {
  readonly deployment: V1Deployment | undefined;
  /** The newest revision, once Kubernetes has seen the last change. */
  readonly current: Revision | undefined;
  readonly revisions: readonly Revision[];
  readonly pods: readonly PodView[];
}

/** Where a workload is. */
export type Place = Pick<Workload, "name" | "namespace" | "service">;

/** Looks at a workload. */
export async function lookAt(cluster: Cluster, { name, namespace, service }: Place): Promise<Look> {
  const { apps, core, discovery, ask } = cluster;
  const deployment = await orNothing(ask(apps.readNamespacedDeployment({ name, namespace })));
  if (!deployment) return lookFrom({ deployment, sets: [], pods: [], slices: [] });
  const its = { namespace, labelSelector: selectorOf(deployment) };
  const ofService = { namespace, labelSelector: slicesOf(service) };
  const [sets, pods, slices] = await Promise.all([
    itemsOf(ask(apps.listNamespacedReplicaSet(its))),
    itemsOf(ask(core.listNamespacedPod(its))),
    itemsOf(ask(discovery.listNamespacedEndpointSlice(ofService))),
  ]);
  return lookFrom({ deployment, sets, pods, slices });
}

/** The objects of a workload. */
export interface Objects {
  readonly deployment: V1Deployment | undefined;
  readonly sets: readonly V1ReplicaSet[];
  readonly pods: readonly V1Pod[];
  readonly slices: readonly V1EndpointSlice[];
}

/** What they say together; some may be another workload's. */
export function lookFrom({ deployment, sets, pods, slices }: Objects): Look {
  const serving = servingPods(slices);
  const revisions = sets
    .filter(({ metadata }) => isOwnedBy(metadata, deployment?.metadata?.uid))
    .map((replicaSet) => revisionOf(replicaSet));
  const hashes = new Set(revisions.map(({ hash }) => hash));
  const views = pods.map((pod) => viewOf(pod, serving)).filter(({ hash }) => hashes.has(hash));
  return {
    deployment,
    current: currentOf(deployment, revisions),
    revisions,
    pods: views,
  };
}

/** The last revision that passed all gates, if Kubernetes keeps it. */
export function goodRevision({ deployment, revisions }: Look): Revision | undefined {
  const hash = deployment?.metadata?.annotations?.[GOOD];
  return revisions.find((revision) => revision.hash === hash);
}

/** Selects the EndpointSlices of a Service. */
export function slicesOf(service: string): string {
  return `kubernetes.io/service-name=${service}`;
}

/** Selects the pods of a Deployment, and its ReplicaSets. */
export function selectorOf(deployment: V1Deployment): string {
  const labels = Object.entries(deployment.spec?.selector.matchLabels ?? {});
  return labels.map(([name, value]) => `${name}=${value}`).join(",");
}

async function itemsOf<T>(list: Promise<{ readonly items: readonly T[] }>): Promise<readonly T[]> {
  return (await list).items;
}

function isOwnedBy(metadata: V1ReplicaSet["metadata"], uid: string | undefined): boolean {
  return metadata?.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

function revisionOf(replicaSet: V1ReplicaSet): Revision {
  return {
    hash: replicaSet.metadata?.labels?.[TEMPLATE_HASH] ?? "",
    release: replicaSet.spec?.template?.metadata?.annotations?.[RELEASE],
    replicaSet,
  };
}

function currentOf(
  deployment: V1Deployment | undefined,
  revisions: readonly Revision[],
): Revision | undefined {
  const { generation = 0, annotations = {} } = deployment?.metadata ?? {};
  if ((deployment?.status?.observedGeneration ?? 0) < generation) return undefined;
  const number = annotations[REVISION];
  return revisions.find(({ replicaSet }) => replicaSet.metadata?.annotations?.[REVISION] === number);
}

function servingPods(slices: readonly V1EndpointSlice[]): Set<string> {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? []);
  return new Set(
    endpoints
      .filter(({ conditions, targetRef }) => targetRef?.kind === "Pod" && conditions?.ready !== false)
      .map(({ targetRef }) => targetRef?.name ?? ""),
  );
}

/** A pod, as far as a roll looks at it; `serving` are the names of those that get requests. */
export function viewOf({ metadata, spec, status }: V1Pod, serving: ReadonlySet<string> = new Set()): PodView {
  const name = metadata?.name ?? "";
  const [container] = spec?.containers ?? [];
  const own = status?.containerStatuses?.find((each) => each.name === container?.name);
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type);
  const scheduled = condition("PodScheduled");
  return {
    name,
    hash: metadata?.labels?.[TEMPLATE_HASH] ?? "",
    release: metadata?.annotations?.[RELEASE],
    address: status?.podIP,
    port: container?.ports?.[0]?.containerPort,
    node: spec?.nodeName,
    isReady: condition("Ready")?.status === "True",
    serves: serving.has(name),
    isEnding: metadata?.deletionTimestamp !== undefined || hasEnded(status),
    restarts: own?.restartCount ?? 0,
    state: own?.state,
    lastState: own?.lastState,
    unschedulable: scheduled?.status === "False" ? scheduled.message : undefined,
  };
}

/** Containers of a Deployment start again in their pod, so only its node ends a pod; Kubernetes replaces it, but keeps it for a while. */
function hasEnded(status: V1PodStatus | undefined): boolean {
  return status?.phase === "Failed" || status?.phase === "Succeeded";
}
