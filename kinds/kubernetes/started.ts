import type { Launch } from "#rollout/request/launch.ts";
import type { HealthPolicy } from "#rollout/request/rollRequest.ts";
import type { KubernetesHost } from "./kubernetesDescriptors.ts";

/** How the application of all pods is started and asked for its health. */
export interface Started {
  readonly place: KubernetesHost;
  readonly launch: Launch;
  readonly health: HealthPolicy;
  /** The image by its digest, if it was pushed. */
  readonly pinned?: string;
}
