import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { integer, urlPath } from "#rollout/request/fields.ts";
import { pathPrefix } from "#rollout/request/frontDoor/pathPrefix.ts";
import { serverNames } from "#rollout/request/frontDoor/serverNames.ts";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import { withHealthPort } from "../../settings/hosts.ts";
import type { Reader } from "../../settings/reader.ts";
import type { KindSettings } from "../kind.ts";
import { readMilliCpus } from "../milliCpus.ts";
import { exposure, isRouted, knownUrl, refuseEntriesOfOthers, type WayIn } from "./exposure.ts";
import { admitSeconds } from "./front/admitSeconds.ts";
import { frontNames, frontReplicas, readFront } from "./front/readFront.ts";
import {
  type Cluster,
  kubernetesHostDescriptor,
  kubernetesProxyDescriptor,
  LOOPBACK,
  objectName,
  type Probes,
} from "./kubernetesDescriptors.ts";
import { declareOnKubernetes } from "./onKubernetes.ts";
import { readCanary } from "./readCanary.ts";
import { readImage } from "./readImage.ts";
import { readPods } from "./readPods.ts";
import { refuseHostHooks, refuseMeaningless } from "./refuseMeaningless.ts";
import { workloadName } from "./workloadName.ts";

const DEFAULT_PORT = 8080;

const probeSettings = z.object({
  readinessPath: urlPath,
  livenessPath: urlPath.exactOptional(),
  checkIntervalMilliseconds: integer(100, 600_000),
  checkTimeoutMilliseconds: integer(10, 600_000),
  checkRise: integer(1, 100),
  checkFall: integer(1, 100),
});

/** Pods of a Deployment in a cluster, behind a Service. */
export async function readKubernetesSettings(reader: Reader): Promise<KindSettings> {
  const wayIn = readWayIn(reader);
  const replicas = frontReplicas(wayIn.exposure);
  await refuseMeaningless(reader, replicas > 0);
  refuseHostHooks(reader);
  reader.ignore("dockerEngine");
  const name = workloadName(reader);
  const own = readNamespace(reader, name);
  const cluster = readCluster(reader);
  const image = readImage(reader, name);
  const service = { name, namespace: own.namespace };
  const url = knownUrl(wayIn, service);
  const probes = readProbes(reader);
  const admit = replicas > 0 ? admitSeconds(probes) : 0;
  const place = {
    kind: "kubernetes",
    name,
    // Every pod has an address of its own.
    address: LOOPBACK,
    port: DEFAULT_PORT,
    cluster,
    namespace: own.namespace,
    pods: readPods(reader, admit),
    probes,
    image: image.source,
    ...image.secret,
  };
  const { main, hosts, from, settings: canary } = readCanary(reader, place, admit);
  const { exposure } = wayIn;
  const port = exposure.type === "node-port" ? (exposure.nodePort ?? exposure.port) : exposure.port;
  const proxy = {
    kind: "kubernetes",
    address: "0.0.0.0",
    port,
    namespace: own.namespace,
    service: name,
    ...(url !== undefined && { url }),
    ...(replicas > 0 && { nginx: frontNames(name) }),
  };
  return {
    hosts: withHealthPort([main, ...hosts], reader.number("healthPort")),
    proxies: [proxy],
    container: {
      image: reader.text("containerImage"),
      user: reader.text("containerUser"),
      memoryMegabytes: reader.number("containerMemoryMegabytes"),
      milliCpus: readMilliCpus(reader.text("containerCpus")),
    },
    ...(image.jar && { jar: image.jar }),
    canary,
    // Only one host and its canary, which are never out as a whole; Kubernetes itself keeps enough of its pods.
    policy: { order: "auto", batch: [1], minimumHealthy: 0 },
    declare({ hosts, proxies }, serving) {
      const [place, ...others] = parse(z.tuple([kubernetesHostDescriptor], kubernetesHostDescriptor), hosts);
      const [proxy] = parse(proxiesOf(kubernetesProxyDescriptor), proxies);
      const folder = `.rollgate/${reader.stack}`;
      const canaries = others.map((each) => ({ place: each, ...(from && { from }) }));
      const front = replicas > 0 ? readFront(reader, place, serving, wayIn) : undefined;
      return declareOnKubernetes({
        ...{ front, place, canaries, proxy, wayIn, image, isOwnNamespace: own.isOwn, folder },
      });
    },
  };
}

/** One of the stack's own, which is made and removed with it, or one that is there. */
function readNamespace(reader: Reader, name: string) {
  const given = reader.text("namespace");
  if (given === "") return { namespace: name, isOwn: true };
  return { ...parse(z.object({ namespace: objectName }), { namespace: given }), isOwn: false };
}

function readCluster(reader: Reader): Cluster {
  const [file, context] = [reader.text("kubeconfig"), reader.text("kubeContext")];
  return { ...(file !== "" && { kubeconfigFile: file }), ...(context !== "" && { context }) };
}

function readWayIn(reader: Reader): WayIn {
  const given = { type: "cluster-ip", ...reader.object("expose") };
  refuseEntriesOfOthers(given);
  const read = parse(z.object({ expose: exposure, serverNames, pathPrefix }), {
    expose: given,
    serverNames: reader.list("serverNames"),
    pathPrefix: reader.text("pathPrefix"),
  });
  if (read.pathPrefix !== "/" && !isRouted(read.expose) && read.expose.nginx === undefined) {
    const got = `${read.pathPrefix} with ${read.expose.type}`;
    throw new InvalidInput(
      "pathPrefix",
      `expected / unless expose.type is ingress or gateway, or expose.nginx is set, got ${got}`,
    );
  }
  return { exposure: read.expose, serverNames: read.serverNames, pathPrefix: read.pathPrefix };
}

/** Readiness decides who gets requests, as nginx's active checks do elsewhere. */
function readProbes(reader: Reader): Probes {
  const [readiness, liveness] = [reader.text("readinessPath"), reader.text("livenessPath")];
  const read = parse(probeSettings, {
    readinessPath: readiness || reader.text("healthPath"),
    ...(liveness !== "" && { livenessPath: liveness }),
    checkIntervalMilliseconds: reader.number("checkIntervalMilliseconds"),
    checkTimeoutMilliseconds: reader.number("checkTimeoutMilliseconds"),
    checkRise: reader.number("checkRise"),
    checkFall: reader.number("checkFall"),
  });
  return {
    readinessPath: read.readinessPath,
    ...(read.livenessPath !== undefined && { livenessPath: read.livenessPath }),
    intervalMilliseconds: read.checkIntervalMilliseconds,
    timeoutMilliseconds: read.checkTimeoutMilliseconds,
    rise: read.checkRise,
    fall: read.checkFall,
  };
}
