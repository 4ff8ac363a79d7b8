import type { V1Container, V1EnvVar, V1ResourceRequirements } from "@kubernetes/client-node";
import type { Launch } from "#rollout/request/launch.ts";
import { archiveInImage, imageOf, pullPolicyOf } from "./imageOf.ts";
import { probesOf } from "./probesOf.ts";
import type { Started } from "./started.ts";

/** The application of a pod. */
export function containerOf(
  { place, launch, health, pinned }: Started,
  release: string,
  environmentSecret: string,
): V1Container {
  const { port, healthPort = port, pods } = place;
  const ofHealth = healthPort === port ? [] : [{ name: "health", containerPort: healthPort }];
  return {
    name: "app",
    image: imageOf(place.image, release, pinned),
    imagePullPolicy: pullPolicyOf(place.image),
    ...("name" in place.image ? startOfImage(launch, port) : startOfJar(launch, port, release)),
    envFrom: [{ secretRef: { name: environmentSecret } }],
    ports: [{ name: "http", containerPort: port }, ...ofHealth],
    resources: resourcesOf(launch.container),
    ...probesOf(health, place.probes, healthPort === port ? "http" : "health"),
    // A pod loses its endpoints and gets SIGTERM at the same time; whoever sends it requests hears of it a little later.
    ...(pods.settleSeconds > 0 && { lifecycle: { preStop: { sleep: { seconds: pods.settleSeconds } } } }),
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/** In an image that rollgate built. */
function startOfJar(launch: Launch, port: number, release: string): Partial<V1Container> {
  return {
    command: [launch.java],
    args: [
      ...launch.jvmOptions,
      "-jar",
      archiveInImage(release),
      `--server.port=${port}`,
      // All of the pod's addresses, whatever the application's own properties say.
      "--server.address=0.0.0.0",
      ...launch.arguments,
    ],
    env: [HOST],
  };
}

/** In an image that starts the application itself. */
function startOfImage(launch: Launch, port: number): Partial<V1Container> {
  const options = launch.jvmOptions.map(quoted).join(" ");
  return {
    ...(launch.arguments.length > 0 && { args: [...launch.arguments] }),
    env: [
      HOST,
      { name: "SERVER_PORT", value: String(port) },
      { name: "SERVER_ADDRESS", value: "0.0.0.0" },
      ...(options === "" ? [] : [{ name: "JAVA_TOOL_OPTIONS", value: options }]),
    ],
  };
}

/** As on other kinds, the application can tell which host it is. */
const HOST: V1EnvVar = {
  name: "ROLLGATE_HOST",
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } },
};

/** As much is requested as is allowed, so that a node never has more pods than it has room for. */
function resourcesOf(container: Launch["container"]): V1ResourceRequirements {
  const { memoryMegabytes = 0, milliCpus = 0 } = container ?? {};
  const each = {
    ...(memoryMegabytes > 0 && { memory: `${memoryMegabytes}Mi` }),
    ...(milliCpus > 0 && { cpu: `${milliCpus}m` }),
  };
  return Object.keys(each).length === 0 ? {} : { requests: each, limits: each };
}

/** https://docs.oracle.com/en/java/javase/17/docs/specs/jvmti.html#tooloptions */
function quoted(option: string): string {
  if (!/[\s'"]/.test(option)) return option;
  return option.includes("'") ? `"${option}"` : `'${option}'`;
}
