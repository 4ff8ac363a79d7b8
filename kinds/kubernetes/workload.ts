import type { V1Deployment } from "@kubernetes/client-node";

/** How a cluster is reached: by a kubeconfig file, by its content, or else as kubectl would. */
export interface ClusterAccess {
  /** Relative to the project. */
  readonly kubeconfigFile?: string;
  /** Secret. */
  readonly kubeconfig?: string;
  /** The current one by default. */
  readonly context?: string;
}

/** A Deployment that a rollout owns, and the Service whose endpoints get its requests. */
export interface Workload {
  readonly cluster: ClusterAccess;
  readonly namespace: string;
  /** The name of the Deployment, of its Lease, and of the host that stands for it in a request. */
  readonly name: string;
  readonly service: string;
  /** Gets its share of the pods, and another release, for as long as the settings say so. */
  readonly canary?: Workload;
  /** The name of the workload that this is the canary of; everything that is beside it is labelled with that. */
  readonly canaryOf?: string;
  /** nginx in front of that Service, the one that clients come by, and how long nginx takes to find a ready pod up. */
  readonly front?: { readonly name: string; readonly entrance: string; readonly admitSeconds: number };
  /** Where clients reach it. */
  readonly url: string;
  /** Secret; kept in a Secret per revision, so that the way back finds the old one. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * The whole Deployment for a release; the first container is the application. `environmentSecret` is what its `envFrom`
   * must name. The rollout adds its own annotations.
   */
  deploymentOf(release: string, environmentSecret: string): V1Deployment;
}
