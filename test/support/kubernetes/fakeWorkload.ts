import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { V1Deployment } from "@kubernetes/client-node";
import { openCluster } from "#kinds/kubernetes/cluster.ts";
import { rollDeployment } from "#kinds/kubernetes/rollDeployment.ts";
import type { Workload } from "#kinds/kubernetes/workload.ts";
import { formatReport } from "#rollout/roll/reporter.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { serveHttp } from "../httpServer.ts";
import { validRequest } from "../rollRequest.ts";
import { kubeconfigOf } from "./fakeCluster.ts";
import { FakeWatch } from "./fakeWatch.ts";

type Json = ReturnType<typeof JSON.parse>;

/** A question or a write that reaches the API. */
export interface Asked {
  /** Such as `PUT deployments`. */
  readonly what: string;
  readonly name: string;
  readonly body: Json;
  readonly isDryRun: boolean;
}

/** What a roll of a test differs in. */
export interface FakeRoll extends Partial<RollPolicy> {
  readonly environment?: Readonly<Record<string, string>>;
  /** With a canary of this release, on one pod; 2 pods by default. */
  readonly canary?: string;
  readonly replicas?: number;
  readonly stack?: string;
  readonly signal?: AbortSignal;
  /** Behind two pods of nginx, `nginx-1` and `nginx-2`, that answer this. */
  readonly nginx?: (pod: string, path: string) => Json;
}

const NGINX_PODS = ["nginx-1", "nginx-2"].map((name) => ({
  metadata: { name },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
}));

const OWN = { name: "market", namespace: "shop", service: "market" };

/** The API of a cluster with Deployments of one stack, whose controller replaces all pods at once unless a release is broken. */
export class FakeWorkload {
  readonly lines: string[] = [];
  readonly objects = new Map<string, Json>();
  /** Releases whose pods end at once; the pods of the old one stay then. */
  readonly broken = new Set<string>();
  /** Releases whose pods do not become ready. */
  readonly slow = new Set<string>();
  /** What the account may not do, such as `create secrets`. */
  readonly forbidden = new Set<string>();
  /** Whether the controller acts on what was stored. */
  isAwake = true;
  /** Whether the account may watch. */
  mayWatch = false;
  /** Called before each answer; may return a status to answer with instead, or 0 to hang up. */
  onAsked: (asked: Asked) => number | undefined = () => undefined;
  /** Called once it is done; may return a status to answer with nevertheless, or 0 to hang up without an answer. */
  onDone: (asked: Asked) => number | undefined = () => undefined;
  /** How often it was looked at. */
  looks = 0;
  readonly #watches = new Set<FakeWatch>();
  #version = 0;
  #port = 0;

  static async create(): Promise<FakeWorkload> {
    const fake = new FakeWorkload();
    const { port } = await serveHttp(async (request, response) => {
      const text = Buffer.concat(await request.toArray()).toString();
      if (request.url?.includes("watch=true")) return fake.#watch(request, response);
      const [status, body] = fake.#answer(request, text);
      fake.tell();
      if (status === 0) return void response.destroy();
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    fake.#port = port;
    fake.objects.set("services/market", { metadata: { name: "market" } });
    return fake;
  }

  get deployment(): Json {
    return this.objects.get("deployments/market");
  }

  get canary(): Json {
    return this.objects.get("deployments/market-canary");
  }

  named(kind: string): string[] {
    return this.#all(kind).map(({ metadata }) => metadata.name);
  }

  /** Somebody else changes an object. */
  change(key: string, edit: (object: Json) => void): void {
    const object = this.objects.get(key);
    edit(object);
    object.metadata.resourceVersion = String(++this.#version);
    this.tell();
  }

  /** Tells those who watch what has changed. */
  tell(): void {
    for (const watch of this.#watches) watch.tell(this.#all(watch.kind));
  }

  /** Ends all watches, and keeps new ones out if they are to be. */
  endWatches(): void {
    for (const watch of this.#watches) watch.response.destroy();
    this.#watches.clear();
  }

  /** The controller writes a status, whatever it is. */
  writeStatus(): void {
    this.change("deployments/market", () => {});
  }

  roll(release: string, { signal, nginx, ...changes }: FakeRoll = {}) {
    const { launch: _, ...request } = validRequest();
    const policy = { ...request, timing: { ...request.timing, soakSeconds: 0 }, ...changes };
    const front = nginx && { front: { name: "market-nginx", entrance: "market", admitSeconds: 3 } };
    const workload = { ...this.workload(changes), ...front };
    const desired = desiredOf(release, changes.canary);
    const askLoopback = async ({ name }: { name: string }, path: string) =>
      JSON.stringify(nginx?.(name, path));
    const cluster = { ...openCluster(workload.cluster), askLoopback };
    return rollDeployment(cluster, workload, desired, policy, {
      ...(changes.stack !== undefined && { stack: changes.stack }),
      owner: "ann@build-1 (pid 1)",
      reporter: (report) => this.lines.push(formatReport(report)),
      signal: signal ?? new AbortController().signal,
      leaseTiming: { heartbeatMilliseconds: 20, expiryMilliseconds: 2_000, waitMilliseconds: 0 },
    });
  }

  workload({ environment = {}, replicas = 2, canary }: FakeRoll): Workload {
    const common = {
      ...OWN,
      cluster: { kubeconfig: kubeconfigOf(this.#port) },
      url: "http://market",
      environment,
    };
    const ofCanary: Workload = {
      ...common,
      name: "market-canary",
      canaryOf: "market",
      deploymentOf: (its, secret) => deploymentOf(its, secret, 1, { track: "canary" }),
    };
    return {
      ...common,
      ...(canary !== undefined && { canary: ofCanary }),
      deploymentOf: (its, secret) => deploymentOf(its, secret, replicas),
    };
  }

  #watch({ url = "" }: IncomingMessage, response: ServerResponse): void {
    const [kind = ""] = url.split("?")[0]?.split("/namespaces/shop/")[1]?.split("/") ?? [];
    if (!this.mayWatch) {
      response.writeHead(403).end(JSON.stringify({ kind: "Status", code: 403, message: "no watching" }));
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const watch = new FakeWatch(kind, response, this.#all(kind));
    this.#watches.add(watch);
    response.on("close", () => this.#watches.delete(watch));
  }

  #all(kind: string): Json[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => object);
  }

  #answer({ url = "", method = "" }: IncomingMessage, text: string): [number, object] {
    const { pathname, searchParams } = new URL(url, "http://fake");
    const [kind = "", given] = pathname.split("/namespaces/shop/")[1]?.split("/") ?? [];
    const body = text === "" ? undefined : JSON.parse(text);
    if (pathname.endsWith("/selfsubjectaccessreviews"))
      return [201, { status: { allowed: this.#allows(body) } }];
    const name = given ?? body?.metadata?.name;
    const isDryRun = searchParams.has("dryRun");
    // What an account may do is nothing that is stored.
    if (kind === "" && method === "POST") return [200, body];
    if (method === "GET" && kind === "deployments") this.looks++;
    const refused = this.onAsked({ what: `${method} ${kind}`, name, body, isDryRun });
    if (refused === undefined && method === "GET" && name === undefined) {
      const ofNginx = searchParams.get("labelSelector") === "app.kubernetes.io/name=market-nginx";
      return [200, { items: ofNginx ? NGINX_PODS : this.#all(kind) }];
    }
    const key = `${kind}/${name}`;
    const stored = this.objects.get(key);
    const status = refused ?? statusOf(method, stored, body);
    if (status === 0 || status >= 400)
      return [status, { kind: "Status", code: status, message: `${method} ${kind}: ${status}` }];
    if (method === "GET") return [200, stored];
    if (method === "DELETE") this.#delete(key);
    if (method === "DELETE" || isDryRun) return [200, body ?? {}];
    const isSame = JSON.stringify(stored?.spec) === JSON.stringify(body.spec);
    const generation = (stored?.metadata.generation ?? 0) + (isSame ? 0 : 1);
    const uid = stored?.metadata.uid ?? String(++this.#version);
    const metadata = { ...body.metadata, name, uid, generation, resourceVersion: String(++this.#version) };
    const object = { ...body, metadata, ...(stored?.status && { status: stored.status }) };
    this.objects.set(key, object);
    if (kind === "deployments" && this.isAwake) this.reconcile(name);
    return [this.onDone({ what: `${method} ${kind}`, name, body, isDryRun }) ?? status, object];
  }

  #allows({ spec: { resourceAttributes } }: Json): boolean {
    const { verb, resource, subresource } = resourceAttributes;
    return !this.forbidden.has(`${verb} ${[resource, subresource].filter(Boolean).join("/")}`);
  }

  /** With what belongs to it. */
  #delete(key: string): void {
    const uid = this.objects.get(key)?.metadata.uid;
    for (const [each, { metadata }] of this.objects) {
      if (each === key || (uid !== undefined && metadata.ownerReferences?.[0].uid === uid))
        this.objects.delete(each);
    }
    this.#route();
  }

  /** What the controller does. */
  reconcile(deploymentName = "market"): void {
    const deployment = this.objects.get(`deployments/${deploymentName}`);
    const { metadata, spec } = deployment;
    metadata.resourceVersion = String(++this.#version);
    if (spec.paused) {
      deployment.status.observedGeneration = metadata.generation;
      return;
    }
    const hash = createHash("sha256").update(JSON.stringify(spec.template)).digest("hex").slice(0, 8);
    const { labels, annotations } = spec.template.metadata;
    const template = { labels: { ...labels, "pod-template-hash": hash }, annotations };
    const setName = `${deploymentName}-${hash}`;
    const key = `replicasets/${setName}`;
    const isIts = (object: Json) => object.metadata.ownerReferences[0].uid === metadata.uid;
    const numbers = this.#all("replicasets")
      .filter(isIts)
      .map((set) => Number(set.metadata.annotations[REVISION]));
    const newest = Math.max(0, ...numbers);
    const isNewest = this.objects.get(key)?.metadata.annotations[REVISION] === String(newest);
    const revision = String(isNewest ? newest : newest + 1);
    const ownerReferences = [
      { uid: metadata.uid, apiVersion: "apps/v1", kind: "Deployment", name: deploymentName },
    ];
    this.objects.set(key, {
      metadata: {
        name: setName,
        ...template,
        annotations: { [REVISION]: revision },
        ownerReferences,
      },
      spec: { selector: {}, template: { ...spec.template, metadata: template } },
    });
    metadata.annotations = { ...metadata.annotations, [REVISION]: revision };
    const release = annotations["rollgate/release"];
    const isBroken = this.broken.has(release);
    const isReady = !isBroken && !this.slow.has(release);
    const its = this.#all("pods").filter(isIts);
    if (isReady) for (const pod of its) this.objects.delete(`pods/${pod.metadata.name}`);
    const count = isReady ? spec.replicas : 1;
    for (let number = 1; number <= count; number++) {
      const name = `${setName}-${number}`;
      const pod = podOf(name, { ...template, ownerReferences }, spec.template.spec, isReady, isBroken);
      this.objects.set(`pods/${name}`, pod);
    }
    this.#route();
    const replicas = this.#all("pods").filter(isIts).length;
    const ready = isReady ? spec.replicas : 0;
    deployment.status = {
      observedGeneration: metadata.generation,
      replicas,
      updatedReplicas: count,
      readyReplicas: ready,
      availableReplicas: ready,
    };
  }

  #route(): void {
    const endpoints = this.#all("pods")
      .filter(({ status }) => status.conditions[0].status === "True")
      .map(({ metadata: { name } }) => ({ addresses: [], targetRef: { kind: "Pod", name } }));
    this.objects.set("endpointslices/market", { metadata: { name: "market" }, endpoints });
  }
}

/** What a fleet with a canary is to run. */
export function desiredOf(release: string, canary: string | undefined) {
  if (canary === undefined) return { release };
  const jar = { path: "/canary.jar", version: "", sha256: "" };
  return { release, canary: { hosts: ["market-canary"], release: canary, jar } };
}

const REVISION = "deployment.kubernetes.io/revision";

function statusOf(method: string, stored: Json, body: Json): number {
  if (method === "POST") return stored ? 409 : 201;
  if (!stored) return 404;
  const version = body?.metadata?.resourceVersion;
  return version !== undefined && version !== stored.metadata.resourceVersion ? 409 : 200;
}

function podOf(name: string, metadata: object, spec: object, ready: boolean, isBroken: boolean) {
  const state = isBroken ? { terminated: { exitCode: 1 } } : { running: {} };
  return {
    metadata: { ...metadata, name },
    spec: { ...spec, nodeName: "node-1" },
    status: {
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [{ name: "app", image: "", imageID: "", ready, restartCount: 0, state }],
    },
  };
}

function deploymentOf(
  release: string,
  environmentSecret: string,
  replicas: number,
  track: Readonly<Record<string, string>> = {},
): V1Deployment {
  const envFrom = [{ secretRef: { name: environmentSecret } }];
  return {
    spec: {
      replicas,
      selector: { matchLabels: { app: "market" } },
      template: {
        metadata: { labels: { app: "market", ...track } },
        spec: { containers: [{ name: "app", image: `shop:${release}`, envFrom }] },
      },
    },
  };
}
