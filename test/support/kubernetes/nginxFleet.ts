import { FRONT_CONTROL_PORT } from "#kinds/kubernetes/front/frontConfiguration.ts";
import { FRONT_PLACE, frontObjects } from "#kinds/kubernetes/front/frontObjects.ts";
import { selectorOf } from "#kinds/kubernetes/labels.ts";
import { openedNodePort } from "./openedNodePort.ts";
import type { PodFleet } from "./podFleet.ts";

/** Puts two pods of our nginx in front of the pods of a fleet, as `expose.nginx` does; returns the URL of its NodePort. */
export async function nginxBefore(
  fleet: PodFleet,
  image: string,
  nodePort: number,
  namespace: string,
): Promise<string> {
  const name = "market-nginx";
  const objects = frontObjects({
    name,
    replicas: 2,
    image,
    workload: "market",
    settleSeconds: 10,
    settings: {
      ...FRONT_PLACE,
      ...{ name: "market", flavour: "njs", njsModule: "/usr/lib/nginx/modules/ngx_http_js_module.so" },
      ...{ controlPort: FRONT_CONTROL_PORT, serverNames: [], hosts: [], pathPrefix: "/" },
      ...{ closedPaths: [], openPaths: [], statusAllow: [] },
      check: {
        ...{ path: "/actuator/health", intervalMilliseconds: 1000, rise: 1, fall: 2 },
        ...{ timeoutMilliseconds: 1000, expect: ["2xx", "3xx"] },
      },
      ...{ healthPath: "/actuator/health", slowestRequestSeconds: 10 },
      ...{ namespace, podsService: "market-pods", podPort: 8080, healthPort: 8080 },
    },
  });
  const { podsService, deployment } = objects;
  const ports = [{ port: 80, targetPort: 8080, nodePort }];
  const spec = { type: "NodePort", selector: deployment.spec.selector.matchLabels, ports };
  const items = [
    {
      ...{ apiVersion: "v1", kind: "Service", ...podsService },
      spec: { clusterIP: "None", selector: selectorOf("market"), ports: [{ port: 8080 }] },
    },
    { apiVersion: "v1", kind: "ServiceAccount", ...objects.serviceAccount },
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", ...objects.role },
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", ...objects.roleBinding },
    { apiVersion: "v1", kind: "ConfigMap", ...objects.configMap },
    { apiVersion: "policy/v1", kind: "PodDisruptionBudget", ...objects.disruptionBudget },
    { apiVersion: "apps/v1", kind: "Deployment", ...deployment },
    { apiVersion: "v1", kind: "Service", metadata: { name: "market-entrance" }, spec },
  ];
  await fleet.create(items);
  await fleet.kubectl("rollout", "status", `deployment/${name}`, "--timeout=60s");
  fleet.front = { name, entrance: "market-entrance", admitSeconds: 3 };
  return openedNodePort(nodePort);
}
