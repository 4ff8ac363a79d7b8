import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { integer, show } from "#rollout/request/fields.ts";
import { objectName } from "./kubernetesDescriptors.ts";

const TYPES = ["cluster-ip", "node-port", "load-balancer", "ingress", "gateway"];

const port = integer(1, 65535).default(80);
const annotations = z
  .record(z.string(), z.string({ error: (issue) => `expected a string, got ${show(issue.input)}` }))
  .default({});
/** Our nginx between the Service and the pods, and how many pods of it; absent without it. */
const nginx = z
  .union([z.literal(true), integer(1, 20)], {
    error: (issue) => `expected true or a number of pods from 1 to 20, got ${show(issue.input)}`,
  })
  .exactOptional();
const common = { port, nginx, annotations };

/** How clients reach the pods. */
export const exposure = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("cluster-ip"), ...common }),
    z.strictObject({
      type: z.literal("node-port"),
      ...common,
      /** Absent if the cluster chooses it. */
      nodePort: integer(1, 65535).exactOptional(),
    }),
    z.strictObject({ type: z.literal("load-balancer"), ...common }),
    z.strictObject({
      type: z.literal("ingress"),
      ...common,
      /** Absent if the cluster has one class by default. */
      className: objectName.exactOptional(),
      /** The Secret with the certificate; absent without HTTPS. */
      tlsSecret: objectName.exactOptional(),
    }),
    z.strictObject({
      type: z.literal("gateway"),
      ...common,
      /** The Gateway that the route is attached to, and its namespace if that is another one. */
      gateway: objectName,
      gatewayNamespace: objectName.exactOptional(),
      /** Whether the Gateway's listener speaks HTTPS, for the URL of the service. */
      https: z.boolean().default(false),
    }),
  ],
  {
    error: (issue) =>
      `expected type: ${TYPES.slice(0, -1).join(", ")} or ${TYPES.at(-1)}, got ${show(Object(issue.input).type)}`,
  },
);
export type Exposure = z.infer<typeof exposure>;

/** Rejects an entry that only another type has, such as one that is left over from it. */
export function refuseEntriesOfOthers(given: Readonly<Record<string, unknown>>): void {
  const shapes = exposure.options.map(({ shape }) => shape);
  const own = shapes.find(({ type }) => type.value === given.type);
  for (const [entry, value] of Object.entries(given)) {
    const others = shapes.filter((shape) => Object.hasOwn(shape, entry)).map(({ type }) => type.value);
    if (!own || Object.hasOwn(own, entry) || others.length === 0) continue;
    const why = `expected no value with type ${own.type.value}, got ${show(value)}`;
    throw new InvalidInput(`expose.${entry}`, `${why}: it belongs to ${others.join(" and ")}`);
  }
}

/** The Service's way in, and what routes requests to it by their names and path, if anything does. */
export interface WayIn {
  readonly exposure: Exposure;
  readonly serverNames: readonly string[];
  readonly pathPrefix: string;
}

/** Whether requests come through something that knows their names and paths. */
export function isRouted({ type }: Pick<Exposure, "type">): boolean {
  return type === "ingress" || type === "gateway";
}

/** Where clients reach the service, if the settings alone say so. */
export function knownUrl(
  { exposure, serverNames, pathPrefix }: WayIn,
  service: { readonly name: string; readonly namespace: string },
): string | undefined {
  const { type, port } = exposure;
  const name = serverNames.find((each) => !each.startsWith("*"));
  const path = pathPrefix === "/" ? "" : pathPrefix;
  if (isRouted(exposure)) {
    if (name === undefined) return undefined;
    const isSecure =
      type === "ingress" ? exposure.tlsSecret !== undefined : type === "gateway" && exposure.https;
    return `${isSecure ? "https" : "http"}://${name}${path}`;
  }
  const suffix = port === 80 ? "" : `:${port}`;
  if (type === "cluster-ip") return `http://${service.name}.${service.namespace}.svc${suffix}`;
  return type === "load-balancer" && name !== undefined ? `http://${name}${suffix}` : undefined;
}
