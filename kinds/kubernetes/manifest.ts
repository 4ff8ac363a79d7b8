import { isDeepStrictEqual } from "node:util";
import type { V1Deployment, V1DeploymentSpec } from "@kubernetes/client-node";
import type { Cluster } from "./cluster.ts";
import type { Revision } from "./look.ts";
import { isOpen, MaybeStored } from "./maybeStored.ts";
import { APPLIED, environmentSecretOf, ownLabels, RELEASE, TEMPLATE_HASH } from "./names.ts";
import { ownerOf } from "./own.ts";
import type { Workload } from "./workload.ts";

/** The Deployment of a release; `kept` provides the image of a release that was not built now. */
export function desiredDeployment(workload: Workload, release: string, kept?: Revision): V1Deployment {
  const { name, namespace, environment } = workload;
  const owner = ownerOf(workload);
  const given = workload.deploymentOf(release, environmentSecretOf(owner, environment));
  const image = kept?.replicaSet.spec?.template?.spec?.containers[0]?.image;
  const template = given.spec?.template ?? {};
  const [application, ...others] = template.spec?.containers ?? [];
  if (!given.spec || !template.spec || !application) throw new TypeError("a Deployment has a container");
  return {
    ...given,
    metadata: {
      ...given.metadata,
      name,
      namespace,
      labels: { ...given.metadata?.labels, ...ownLabels(owner) },
      annotations: { ...given.metadata?.annotations, [RELEASE]: release },
    },
    spec: {
      ...given.spec,
      template: {
        ...template,
        metadata: {
          ...template.metadata,
          annotations: { ...template.metadata?.annotations, [RELEASE]: release },
        },
        spec: {
          ...template.spec,
          containers: [image === undefined ? application : { ...application, image }, ...others],
        },
      },
    },
  };
}

/** The Deployment as it is, with the pod template of an earlier revision. */
export function withRevision(live: V1Deployment, { release, replicaSet }: Revision): V1Deployment {
  const template = replicaSet.spec?.template;
  if (!live.spec || !template) throw new TypeError("a revision has a pod template");
  const { [TEMPLATE_HASH]: _, ...labels } = template.metadata?.labels ?? {};
  const { paused: __, ...spec } = live.spec;
  return {
    ...live,
    metadata: {
      ...live.metadata,
      annotations: { ...live.metadata?.annotations, [RELEASE]: release ?? "" },
    },
    spec: { ...spec, template: { ...template, metadata: { ...template.metadata, labels } } },
  };
}

/** Stores a Deployment in place of the one that is there; throws `MaybeStored` if it can't tell whether it is stored. */
export async function store(
  cluster: Cluster,
  desired: V1Deployment,
  live: V1Deployment | undefined,
): Promise<void> {
  try {
    await put(cluster, desired, live);
  } catch (error) {
    throw isOpen(error) ? new MaybeStored(desired.metadata?.name ?? "", error) : error;
  }
}

/** Puts a Deployment in place of the one that is there, whose other annotations it keeps, or only tries to. */
async function put(
  { apps, ask }: Cluster,
  desired: V1Deployment,
  live: V1Deployment | undefined,
  { dryRun = false } = {},
): Promise<V1Deployment> {
  const { name = "", namespace = "" } = desired.metadata ?? {};
  const how = { namespace, fieldManager: "rollgate", ...(dryRun && { dryRun: "All" }) };
  if (!live) return ask(apps.createNamespacedDeployment({ ...how, body: desired }));
  const { resourceVersion, annotations } = live.metadata ?? {};
  const body = {
    ...desired,
    metadata: {
      ...desired.metadata,
      annotations: { ...annotations, ...desired.metadata?.annotations },
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
  };
  return ask(apps.replaceNamespacedDeployment({ ...how, name, body }));
}

/** A Deployment with a note of what the API makes of its spec, so that changes by hand show. */
export interface Completed {
  readonly complete: V1Deployment;
  /** Whether the spec is there already, and whether the note is. */
  readonly isStored: boolean;
  readonly isNoted: boolean;
  readonly changesPods: boolean;
}

/** Asks the API what it makes of a Deployment in place of the one that is there. */
export async function completed(
  cluster: Cluster,
  desired: V1Deployment,
  live: V1Deployment | undefined,
): Promise<Completed> {
  const { spec } = await put(cluster, desired, live, { dryRun: true });
  const applied = JSON.stringify(spec);
  const annotations = { ...desired.metadata?.annotations, [APPLIED]: applied };
  return {
    complete: { ...desired, metadata: { ...desired.metadata, annotations } },
    isStored: live !== undefined && !differs(live.spec, spec),
    isNoted: live?.metadata?.annotations?.[APPLIED] === applied,
    changesPods: differs(live?.spec?.template, spec?.template),
  };
}

/** What others have changed in a Deployment, in words. */
export function driftOf({ metadata, spec: is }: V1Deployment): string[] {
  const applied = metadata?.annotations?.[APPLIED];
  if (applied === undefined || !is) return ["not rolled by rollgate"];
  const should: V1DeploymentSpec = JSON.parse(applied);
  const [pod, expected] = [podOf(is), podOf(should)];
  const found = [
    is.replicas !== should.replicas && `${is.replicas} replicas instead of ${should.replicas}`,
    pod?.image !== expected?.image && `image ${pod?.image} instead of ${expected?.image}`,
    differs([pod?.env, pod?.envFrom], [expected?.env, expected?.envFrom]) && "another environment",
    is.paused === true && "paused",
  ].filter((each) => typeof each === "string");
  return differs(withoutKnown(is), withoutKnown(should)) ? [...found, "other options"] : found;
}

function podOf({ template }: V1DeploymentSpec) {
  return template.spec?.containers[0];
}

/** What is left of a spec besides what has words of its own. */
function withoutKnown({ replicas: _, paused: __, template, ...spec }: V1DeploymentSpec): unknown {
  const [{ image: ___, env: ____, envFrom: _____, ...application } = {}, ...others] =
    template.spec?.containers ?? [];
  return {
    ...spec,
    template: { ...template, spec: { ...template.spec, containers: [application, ...others] } },
  };
}

/** As they travel: what is absent and what is `undefined` are the same. */
function differs(one: unknown, other: unknown): boolean {
  const [left, right] = [one, other].map((each) => JSON.parse(JSON.stringify(each) ?? "null"));
  return !isDeepStrictEqual(left, right);
}
