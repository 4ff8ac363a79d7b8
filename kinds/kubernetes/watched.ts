import type { V1Deployment } from "@kubernetes/client-node";
import { RollgateError } from "#rollout/common/errors.ts";
import { within } from "#rollout/common/within.ts";
import { type Cluster, ClusterRefused } from "./cluster.ts";
import { type Look, lookFrom, type Place, selectorOf, slicesOf } from "./look.ts";

const ANSWER_SECONDS = 20;

/** One kind of objects, listed and watched. */
interface Part {
  on(verb: "change", hear: () => void): void;
  on(verb: "error", hear: (error?: unknown) => void): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Hears that something has changed, or that nothing will be told any more. */
type OnChange = (failure?: RollgateError) => void;

/** What the API knows of a workload, kept up to date by watches. */
export class Watched {
  readonly #parts: Parts;
  readonly #began = performance.now();
  #failure: RollgateError | undefined;
  #hasEnded = false;

  /** Lists everything and begins to watch it; throws if the API does not let it. */
  static async open(
    cluster: Cluster,
    place: Place,
    deployment: V1Deployment,
    onChange: OnChange,
  ): Promise<Watched> {
    const watched = new Watched(partsOf(cluster, place, selectorOf(deployment)), onChange);
    const started = Promise.all(watched.#all.map((part) => part.start()));
    try {
      await within(ANSWER_SECONDS, `an answer of ${cluster.server} to a watch`, started);
      if (watched.#failure) throw watched.#failure;
      return watched;
    } catch (error) {
      await watched.end();
      throw error;
    }
  }

  private constructor(parts: Parts, onChange: OnChange) {
    this.#parts = parts;
    for (const part of this.#all) {
      part.on("change", () => onChange());
      part.on("error", (error: unknown) => {
        if (this.#hasEnded) return;
        this.#failure ??= inPlainWords(error);
        onChange(this.#failure);
      });
    }
  }

  /** Why it is not up to date any more, if it is not. */
  get failure(): RollgateError | undefined {
    return this.#failure;
  }

  get ageMilliseconds(): number {
    return performance.now() - this.#began;
  }

  look(): Look {
    const { deployments, sets, pods, slices } = this.#parts;
    const [deployment] = deployments.list();
    return lookFrom({ deployment, sets: sets.list(), pods: pods.list(), slices: slices.list() });
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await Promise.all(this.#all.map((part) => part.stop()));
  }

  get #all(): readonly Part[] {
    const { deployments, sets, pods, slices } = this.#parts;
    return [deployments, sets, pods, slices];
  }
}

type Parts = ReturnType<typeof partsOf>;

function partsOf(cluster: Cluster, { name, namespace, service }: Place, labelSelector: string) {
  const { apps, core, discovery, ask, watch } = cluster;
  const fieldSelector = `metadata.name=${name}`;
  const ofPods = { labelSelector };
  const ofService = { labelSelector: slicesOf(service) };
  const ofName = { fieldSelector };
  const inApps = `/apis/apps/v1/namespaces/${namespace}`;
  return {
    deployments: watch(`${inApps}/deployments`, ofName, () =>
      ask(apps.listNamespacedDeployment({ namespace, ...ofName })),
    ),
    sets: watch(`${inApps}/replicasets`, ofPods, () =>
      ask(apps.listNamespacedReplicaSet({ namespace, ...ofPods })),
    ),
    pods: watch(`/api/v1/namespaces/${namespace}/pods`, ofPods, () =>
      ask(core.listNamespacedPod({ namespace, ...ofPods })),
    ),
    slices: watch(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, ofService, () =>
      ask(discovery.listNamespacedEndpointSlice({ namespace, ...ofService })),
    ),
  };
}

/** The client library's watches fail with what `fetch` throws, or with a status. */
function inPlainWords(error: unknown): RollgateError {
  if (error instanceof RollgateError) return error;
  const { statusCode: status, message } = Object(error);
  const text = `a watch ended: ${message ?? error}`;
  if (typeof status === "number") return new ClusterRefused(status, text, { cause: error });
  return new RollgateError("cluster-unreachable", text, { cause: error });
}
