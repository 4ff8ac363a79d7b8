import type { KubernetesHost } from "#kinds/kubernetes/kubernetesDescriptors.ts";

/** A Deployment in a cluster. */
export function kubernetesHost(more: Partial<KubernetesHost> = {}): KubernetesHost {
  return {
    kind: "kubernetes",
    name: "shop-prod",
    address: "127.0.0.1",
    port: 8080,
    cluster: {},
    namespace: "shop-prod",
    pods: {
      replicas: 3,
      surge: 1,
      unavailable: 0,
      soakSeconds: 5,
      progressSeconds: 95,
      settleSeconds: 10,
      graceSeconds: 35,
      keepReleases: 3,
    },
    probes: {
      readinessPath: "/actuator/health",
      intervalMilliseconds: 1000,
      timeoutMilliseconds: 1000,
      rise: 2,
      fall: 3,
    },
    image: { repository: "registry.example.com/shop", build: "0a1b2c3d", isPushed: true },
    ...more,
  };
}
