import type { Given } from "#provider/dynamicProvider.ts";
import { DynamicResource } from "../dynamicResource.ts";
import type * as pulumi from "../pulumi.ts";
import type { WorkloadInputs } from "./workloadResource.ts";

const load = () => import("rollgate/provider/kubernetes-workload");

/** What rolls make in a cluster; deleting it removes the pods, their Secrets and their lease. */
export class KubernetesWorkload extends DynamicResource {
  constructor(name: string, args: Given<WorkloadInputs>, options?: pulumi.CustomResourceOptions) {
    super("KubernetesWorkload", load, name, { ...args }, options);
  }
}
