import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import type { Provider } from "@pulumi/kubernetes/provider.js";
import { Role } from "@pulumi/kubernetes/rbac/v1/role.js";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding.js";
import type { Resource } from "@pulumi/pulumi";
import { type Front, frontObjects } from "./frontObjects.ts";

/** Its pods come later, with the rollout, and Pulumi would wait for them. */
const WITHOUT_WAITING = { "pulumi.com/skipAwait": "true" };

/** Declares nginx in front of the pods; returns what must be there before requests are sent to it. */
export function declareFront(
  name: string,
  front: Front,
  options: { readonly provider: Provider; readonly parent: Resource },
): Resource[] {
  const { podsService, serviceAccount, role, roleBinding, configMap, deployment, disruptionBudget } =
    frontObjects(front);
  const metadata = { ...podsService.metadata, annotations: WITHOUT_WAITING };
  const pods = new Service(`${name}-pods-service`, { ...podsService, metadata }, options);
  const account = new ServiceAccount(`${name}-nginx-account`, serviceAccount, options);
  const rights = new Role(`${name}-nginx-role`, role, options);
  const binding = new RoleBinding(`${name}-nginx-rights`, roleBinding, {
    ...options,
    dependsOn: [account, rights],
  });
  // Each content is a resource of its own: Pulumi deletes what it has replaced by its name, after a failed update only in the
  // next one, which may have declared the same content again.
  const files = new ConfigMap(`${name}-${configMap.metadata.name}`, configMap, options);
  // Pulumi waits until its pods are ready: only then does the Service send them requests.
  const nginx = new Deployment(`${name}-nginx`, deployment, {
    ...options,
    dependsOn: [pods, binding, files],
  });
  if (disruptionBudget) new PodDisruptionBudget(`${name}-nginx-disruption`, disruptionBudget, options);
  return [nginx];
}
