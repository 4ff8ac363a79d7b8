import * as pulumi from "@pulumi/pulumi";
import { dynamicProvider, type Given } from "#provider/dynamicProvider.ts";
import type { WorkloadInputs } from "./workloadResource.ts";

const provider = dynamicProvider(() => import("rollgate/provider/kubernetes-workload"));

/** What rolls make in a cluster; deleting it removes the pods, their Secrets and their lease. */
export class KubernetesWorkload extends pulumi.dynamic.Resource {
  constructor(name: string, args: Given<WorkloadInputs>, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "rollgate", "KubernetesWorkload");
  }
}
