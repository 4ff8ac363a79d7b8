// By themselves, because the package as a whole takes a second to load.
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import { Provider } from "@pulumi/kubernetes/provider.js";
import type { Resource } from "@pulumi/pulumi";
import { identifyJar } from "#rollout/release/jar.ts";
import { type Release, releaseId } from "#rollout/release/release.ts";
import type { Declaration, Found, PushedImages } from "../declaration.ts";
import { makeBuildContext } from "./buildContext.ts";
import { enginePlatform } from "./enginePlatform.ts";
import type { WayIn } from "./exposure.ts";
import { fromProgram } from "./fromProgram.ts";
import { declareFront } from "./front/declareFront.ts";
import type { Front } from "./front/frontObjects.ts";
import type { KubernetesHost, KubernetesProxy } from "./kubernetesDescriptors.ts";
import { KubernetesWorkload } from "./kubernetesWorkload.ts";
import { labelsOf, selectorOf } from "./labels.ts";
import { preflightCluster } from "./preflightCluster.ts";
import type { ReadImage } from "./readImage.ts";
import { declareWayIn } from "./wayIn.ts";

/** What a stack has in a cluster, besides the pods. */
export interface InCluster {
  readonly place: KubernetesHost;
  /** At most one, and the jar that its image is built from, if there is one. */
  readonly canaries: readonly { readonly place: KubernetesHost; readonly from?: ReadImage["from"] }[];
  readonly proxy: KubernetesProxy;
  readonly wayIn: WayIn;
  readonly front: Front | undefined;
  readonly image: ReadImage;
  /** Whether the namespace is made and removed with the stack. */
  readonly isOwnNamespace: boolean;
  /** Where the files of builds go, relative to the project. */
  readonly folder: string;
}

/** Declares everything but the Deployment, which belongs to the rollout. */
export function declareOnKubernetes(stack: InCluster): Declaration {
  const { place, canaries, proxy, image } = stack;
  const [canary] = canaries;
  let declareBuilt: (name: string, parent: Resource) => PushedImages = () => ({});
  let provider: Provider | undefined;
  const prepare = async (): Promise<Found> => {
    const [jar, ofCanary] = await Promise.all([identified(image.from), identified(canary?.from)]);
    if (!jar && !ofCanary) return {};
    const { declareImage } = await fromProgram(() => import("./jarImage.ts"));
    const { base, platform = await enginePlatform(image.engine) } = image;
    const buildOf = async (release: Release | undefined, at: KubernetesHost | undefined, folder: string) => {
      if (!release || !at) return undefined;
      const context = await makeBuildContext(`${stack.folder}/${folder}`, release);
      return { source: at.image, base, platform, release: releaseId(release), context };
    };
    const build = await buildOf(jar, place, "image");
    const canaryBuild = await buildOf(ofCanary, canary?.place, "canary-image");
    declareBuilt = (name, parent) => ({
      image: build && declareImage(name, build, parent),
      canaryImage: canaryBuild && declareImage(`${name}-canary`, canaryBuild, parent),
    });
    return { engine: image.engine === "" ? {} : { host: image.engine } };
  };
  return {
    app: {
      hosts: [place, ...canaries.map((each) => each.place)],
      declare: (name, parent) => {
        provider = providerOf(name, place, parent);
        declareAround(name, { ...stack, provider, parent });
        return declareBuilt(name, parent);
      },
    },
    nginx: {
      proxies: [proxy],
      declare: (name, parent) => {
        const options = { provider: provider ?? providerOf(name, place, parent), parent };
        const { wayIn, front } = stack;
        const dependsOn = front ? declareFront(name, front, options) : [];
        const args = { ...wayIn, name: proxy.service, namespace: proxy.namespace };
        declareWayIn(name, { ...args, pods: front?.name ?? proxy.service }, { ...options, dependsOn });
      },
    },
    prepare,
    preflight: async () => {
      const [found] = await Promise.all([prepare(), preflightCluster(place, stack.isOwnNamespace)]);
      return found;
    },
  };
}

/** A jar that is not good is reported by whoever reads it for the rollout. */
async function identified(from: ReadImage["from"]): Promise<Release | undefined> {
  if (!from) return undefined;
  return identifyJar(from.path, from.version || undefined).catch(() => undefined);
}

function providerOf(name: string, { cluster, namespace }: KubernetesHost, parent: Resource): Provider {
  const { kubeconfigFile, context } = cluster;
  return new Provider(
    `${name}-cluster`,
    {
      ...(kubeconfigFile !== undefined && { kubeconfig: kubeconfigFile }),
      ...(context !== undefined && { context }),
      namespace,
    },
    { parent },
  );
}

interface Around extends InCluster {
  readonly provider: Provider;
  readonly parent: Resource;
}

function declareAround(name: string, { place, canaries, isOwnNamespace, provider, parent }: Around): void {
  const { name: workload, namespace, pods, cluster } = place;
  const labels = labelsOf(workload);
  const options = { provider, parent };
  const dependsOn = isOwnNamespace
    ? [new Namespace(`${name}-namespace`, { metadata: { name: namespace, labels } }, options)]
    : [];
  // One pod alone would keep its node from ever being drained.
  if (pods.replicas + canaries.length > 1) {
    new PodDisruptionBudget(
      `${name}-disruption`,
      {
        metadata: { name: workload, namespace, labels },
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: selectorOf(workload) },
          // A pod that does not serve anyway must not keep a node from being drained.
          unhealthyPodEvictionPolicy: "AlwaysAllow",
        },
      },
      { ...options, dependsOn },
    );
  }
  new KubernetesWorkload(`${name}-pods`, { cluster, namespace, name: workload }, { parent, dependsOn });
}
