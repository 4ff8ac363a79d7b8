import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { Ingress } from "@pulumi/kubernetes/networking/v1/ingress.js";
import type { Provider } from "@pulumi/kubernetes/provider.js";
import type { Resource } from "@pulumi/pulumi";
import type { Exposure, WayIn } from "./exposure.ts";
import { labelsOf, selectorOf } from "./labels.ts";

/** Pods come later, and Pulumi would wait for them. */
const WITHOUT_WAITING = { "pulumi.com/skipAwait": "true" };

/** The Service that requests come in by. */
export interface ServiceArgs extends WayIn {
  readonly name: string;
  readonly namespace: string;
  /** Whose pods get the requests. */
  readonly pods: string;
}

interface Options {
  readonly provider: Provider;
  readonly parent: Resource;
  readonly dependsOn?: Resource[];
}

/** Declares the Service in front of the pods, and what routes requests to it. */
export function declareWayIn(name: string, args: ServiceArgs, options: Options): void {
  const { exposure } = args;
  const service = declareService(name, args, options);
  if (exposure.type === "ingress") declareIngress(name, exposure, args, { ...options, dependsOn: [service] });
  if (exposure.type === "gateway") declareRoute(name, exposure, args, { ...options, dependsOn: [service] });
}

function declareService(name: string, { exposure, ...args }: ServiceArgs, options: Options) {
  const { type, port } = exposure;
  const nodePort = type === "node-port" && exposure.nodePort !== undefined && { nodePort: exposure.nodePort };
  const isPlain = type !== "ingress" && type !== "gateway";
  return new Service(
    `${name}-service`,
    {
      metadata: metadataOf(args, isPlain ? exposure.annotations : {}),
      spec: {
        type: typeOf(type),
        selector: selectorOf(args.pods),
        ports: [{ name: "http", port, targetPort: "http", protocol: "TCP", ...nodePort }],
      },
    },
    options,
  );
}

function declareIngress(
  name: string,
  { className, tlsSecret, port, annotations }: Extract<Exposure, { type: "ingress" }>,
  args: Omit<ServiceArgs, "exposure">,
  options: Options,
): void {
  const { serverNames, pathPrefix: path } = args;
  const backend = { service: { name: args.name, port: { number: port } } };
  const http = { paths: [{ path, pathType: "Prefix", backend }] };
  new Ingress(
    `${name}-ingress`,
    {
      metadata: metadataOf(args, annotations),
      spec: {
        ...(className !== undefined && { ingressClassName: className }),
        ...(tlsSecret !== undefined && { tls: [{ hosts: [...serverNames], secretName: tlsSecret }] }),
        rules: serverNames.length === 0 ? [{ http }] : serverNames.map((host) => ({ host, http })),
      },
    },
    options,
  );
}

function declareRoute(
  name: string,
  { gateway, gatewayNamespace, port, annotations }: Extract<Exposure, { type: "gateway" }>,
  args: Omit<ServiceArgs, "exposure">,
  options: Options,
): void {
  const { serverNames, pathPrefix: value } = args;
  new CustomResource(
    `${name}-route`,
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: metadataOf(args, annotations),
      spec: {
        parentRefs: [
          { name: gateway, ...(gatewayNamespace !== undefined && { namespace: gatewayNamespace }) },
        ],
        ...(serverNames.length > 0 && { hostnames: [...serverNames] }),
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value } }],
            backendRefs: [{ name: args.name, port }],
          },
        ],
      },
    },
    options,
  );
}

function metadataOf(
  { name, namespace }: Pick<ServiceArgs, "name" | "namespace">,
  annotations: Readonly<Record<string, string>>,
) {
  return { name, namespace, labels: labelsOf(name), annotations: { ...WITHOUT_WAITING, ...annotations } };
}

function typeOf(type: Exposure["type"]): string {
  if (type === "node-port") return "NodePort";
  return type === "load-balancer" ? "LoadBalancer" : "ClusterIP";
}
