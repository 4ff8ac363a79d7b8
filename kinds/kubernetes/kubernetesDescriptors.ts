import { z } from "zod";
import { integer, show, text, urlPath } from "#rollout/request/fields.ts";
import { hostOf, proxyOf } from "#rollout/request/places.ts";

/** Inside a pod of a canary, since two hosts never have the same address. */
export const CANARY_LOOPBACK = "127.0.0.2";
/** Inside a pod; each has addresses of its own, so it never collides. */
export const LOOPBACK = "127.0.0.1";

/** The name of an object in a cluster that is also the label of a DNS name. */
export const objectName = text.regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: (issue) =>
    `expected 1–63 lower-case letters, digits and inner hyphens, a letter first, got ${show(issue.input)}`,
});

/** How a cluster is reached: as kubectl would, unless a file and a context are given. */
export const cluster = z.strictObject({
  /** As the settings have it, since a state may be used from several folders. */
  kubeconfigFile: text.exactOptional(),
  context: text.exactOptional(),
});
export type Cluster = z.infer<typeof cluster>;

/** How many pods there are, and how they come and go. */
export const pods = z.strictObject({
  replicas: integer(1, 1000),
  /** How many may be there besides these during a roll, and how many of them may be missing. */
  surge: integer(0, 1000),
  unavailable: integer(0, 1000),
  soakSeconds: integer(0, 86_400),
  /** How long no pod may become available before the roll has failed. */
  progressSeconds: integer(1, 172_800),
  /** How long a pod goes on serving once it is no endpoint any more. */
  settleSeconds: integer(0, 3600),
  graceSeconds: integer(0, 3600),
  keepReleases: integer(2, 100),
});
export type Pods = z.infer<typeof pods>;

/** What kubelet asks a pod that has started: whether it gets requests, and whether it must be restarted. */
export const probes = z.strictObject({
  readinessPath: urlPath,
  /** Absent if a pod is alive as long as its port accepts connections. */
  livenessPath: urlPath.exactOptional(),
  intervalMilliseconds: integer(100, 600_000),
  timeoutMilliseconds: integer(10, 600_000),
  rise: integer(1, 100),
  fall: integer(1, 100),
});
export type Probes = z.infer<typeof probes>;

/** Where the image of a release comes from. */
export const image = z.union([
  /** Built from the jar; the tag is the name of the release and then `build`, which stands for how it is built. */
  z.strictObject({ repository: text, build: text, isPushed: z.boolean() }),
  /** Built by somebody else. */
  z.strictObject({ name: text }),
]);
export type ImageSource = z.infer<typeof image>;

/** All pods of an application: a Deployment, which stands for one host in a roll. */
export const kubernetesHostDescriptor = hostOf("kubernetes", {
  cluster,
  namespace: objectName,
  pods,
  probes,
  image,
  pullSecret: objectName.exactOptional(),
  /** The name of the Deployment that this one is the canary of; both are behind the same Service. */
  canaryOf: objectName.exactOptional(),
});
export type KubernetesHost = z.infer<typeof kubernetesHostDescriptor>;

/** nginx between the Service and the pods. */
export const front = z.strictObject({
  /** Of its Deployment. */
  name: objectName,
  /** The Service whose endpoints it sends requests to. */
  podsService: objectName,
});

/** The Service in front of the pods. */
export const kubernetesProxyDescriptor = proxyOf("kubernetes", {
  namespace: objectName,
  service: objectName,
  /** Where clients reach it, if the settings say so; or else the cluster is asked. */
  url: text.exactOptional(),
  nginx: front.exactOptional(),
});
export type KubernetesProxy = z.infer<typeof kubernetesProxyDescriptor>;
