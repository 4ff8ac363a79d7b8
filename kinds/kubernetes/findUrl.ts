import type { V1Service } from "@kubernetes/client-node";
import type { Workload } from "./workload.ts";

/** Where clients reach a Service, as the cluster knows it; by the Service's name as long as it knows nothing better. */
export async function findUrl({
  cluster,
  namespace,
  service: name,
}: Pick<Workload, "cluster" | "namespace" | "service">): Promise<string> {
  const { openCluster } = await import("./cluster.ts");
  const api = openCluster(cluster);
  const inCluster = `http://${name}.${namespace}.svc`;
  try {
    const service = await api.ask(api.core.readNamespacedService({ name, namespace }));
    const port = service.spec?.ports?.[0];
    if (service.spec?.type === "NodePort" && port?.nodePort !== undefined) {
      const nodes = await api.ask(api.core.listNode());
      const addresses = nodes.items.flatMap(({ status }) => status?.addresses ?? []);
      const address = ["ExternalIP", "InternalIP"].flatMap((type) =>
        addresses.filter((each) => each.type === type),
      )[0];
      if (address) return urlOf(address.address, port.nodePort);
    }
    const balancer = balancerOf(service);
    return balancer === undefined ? inCluster : urlOf(balancer, port?.port ?? 80);
  } catch {
    // Before the first deployment there is none, and a roll that can't reach the cluster says so itself.
    return inCluster;
  }
}

function balancerOf({ status }: V1Service): string | undefined {
  const [entry] = status?.loadBalancer?.ingress ?? [];
  return entry?.hostname ?? entry?.ip;
}

function urlOf(host: string, port: number): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === 80 ? `http://${name}` : `http://${name}:${port}`;
}
