import { kubectl } from "../../../harness/kubernetes/kubernetesCluster.ts";
import { until } from "../../../harness/until.ts";
import { createObjects } from "./createObjects.ts";

/** The resource of routes, as `kubectl get` names it. */
export const ROUTES = "httproutes.gateway.networking.k8s.io";

/** As much of the Gateway API as it takes to store a route. */
const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: ROUTES, annotations: { "api-approved.kubernetes.io": "unapproved, for a test" } },
  spec: {
    group: "gateway.networking.k8s.io",
    scope: "Namespaced",
    names: { plural: "httproutes", singular: "httproute", kind: "HTTPRoute" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

/** Lets a cluster store the routes of the Gateway API, which nobody follows there. */
export async function knowRoutes(): Promise<void> {
  const isKnown = () =>
    kubectl("get", ROUTES, "--all-namespaces").then(
      () => true,
      () => false,
    );
  if (!(await isKnown())) await createObjects("default", [DEFINITION]);
  await until(isKnown);
}
