import { openedNodePort } from "./openedNodePort.ts";
import type { PodFleet } from "./podFleet.ts";

/**
 * Puts an nginx in front of the Service of a fleet, as an ingress would be: it keeps the connections of clients, and
 * chooses a pod for each request. Returns its URL.
 */
export async function frontOf(fleet: PodFleet, image: string, nodePort: number): Promise<string> {
  const address = await fleet.kubectl("get", "service", "market", "-o", "jsonpath={.spec.clusterIP}");
  const configuration = `worker_processes 1;
error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  server {
    listen 8000;
    location / { proxy_pass http://${address}; }
  }
}
`;
  const labels = { app: "front" };
  const container = {
    name: "nginx",
    image,
    imagePullPolicy: "Never",
    command: ["nginx", "-c", "/etc/front/nginx.conf", "-g", "daemon off;"],
    volumeMounts: [{ name: "front", mountPath: "/etc/front" }],
    readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 },
  };
  const spec = {
    dnsPolicy: "Default",
    containers: [container],
    volumes: [{ name: "front", configMap: { name: "front" } }],
  };
  const items = [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "front" },
      data: { "nginx.conf": configuration },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "front" },
      spec: { type: "NodePort", selector: labels, ports: [{ port: 80, targetPort: 8000, nodePort }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "front" },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
  ];
  await fleet.create(items);
  await fleet.kubectl("rollout", "status", "deployment/front", "--timeout=60s");
  return openedNodePort(nodePort);
}
