import { basename, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { AppHosts } from "../../../components/appHosts.ts";
import { CheckingNginx } from "../../../components/checkingNginx.ts";
import { RollingService } from "../../../components/rollingService.ts";
import { writeJar } from "../../../harness/zip.ts";
import type { ServiceSettings } from "../../../settings/serviceSettings.ts";
import { fakeEngine } from "../../support/fakeEngine.ts";
import { fakeCluster } from "../../support/kubernetes/fakeCluster.ts";
import { known, mockPulumi } from "../../support/pulumi.ts";
import { readAny, withoutPulumi } from "../../support/settings.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

withoutPulumi();

let kubeconfig: string;
beforeEach(async () => {
  kubeconfig = (await fakeCluster({ "/api/v1/namespaces/shop": { metadata: {} } })).kubeconfig;
  // The project, where the files for a build go.
  vi.spyOn(process, "cwd").mockReturnValue(await temporaryDirectory());
});

/** What such a stack declares: the inputs of each resource, by its name. */
async function declared(settings: object = {}) {
  const read = await readAny({ kind: "kubernetes", kubeconfig, ...settings });
  const { tree, resources } = await mockPulumi();
  const app = new AppHosts("app", read.app);
  const nginx = new CheckingNginx("nginx", read.nginx);
  const names = (await tree()).map((urn) => urn.split("::").at(-1));
  const inputs = Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs]));
  return { names, resources, inputs, app, nginx };
}

test("everything but the Deployment is declared, and speaks to the cluster of the settings", async () => {
  const { names, resources, inputs, app, nginx } = await declared();
  expect(names.sort()).toEqual([
    ...["app", "app-cluster", "app-disruption", "app-image", "app-namespace", "app-pods"],
    ...["nginx", "nginx-service"],
  ]);
  for (const { type, provider } of resources.filter(({ type }) => type.startsWith("kubernetes:")))
    expect([type, provider]).toEqual([type, expect.stringContaining("::app-cluster::")]);
  expect(inputs["app-cluster"]).toMatchObject({ kubeconfig, namespace: "rollgate-test" });
  const labels = { "app.kubernetes.io/name": "rollgate-test", "app.kubernetes.io/managed-by": "rollgate" };
  expect(inputs["app-namespace"]).toMatchObject({ metadata: { name: "rollgate-test", labels } });
  const selector = { "app.kubernetes.io/name": "rollgate-test" };
  expect(inputs["app-disruption"]).toMatchObject({
    metadata: { name: "rollgate-test", namespace: "rollgate-test" },
    spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
  });
  expect(inputs["app-pods"]).toMatchObject({ namespace: "rollgate-test", name: "rollgate-test" });
  expect(inputs["nginx-service"]).toMatchObject({
    metadata: { annotations: { "pulumi.com/skipAwait": "true" } },
    spec: { type: "ClusterIP", selector, ports: [{ port: 80, targetPort: "http" }] },
  });
  expect(await known(app.hosts)).toMatchObject([{ kind: "kubernetes", name: "rollgate-test" }]);
  expect(await known(nginx.proxies)).toMatchObject([{ service: "rollgate-test" }]);
});

test("a kubeconfig is relative to the project, wherever that is, so the state fits every checkout", async () => {
  vi.spyOn(process, "cwd").mockReturnValue(dirname(kubeconfig));
  const relative = basename(kubeconfig);
  const { inputs, app } = await declared({ kubeconfig: relative });
  expect(inputs["app-cluster"]).toMatchObject({ kubeconfig: relative });
  expect(inputs["app-pods"]).toMatchObject({ cluster: { kubeconfigFile: relative } });
  expect(await known(app.hosts)).toMatchObject([{ cluster: { kubeconfigFile: relative } }]);
});

test("the image of the jar is built from a folder with nothing else, and stays with the engine without a registry", async () => {
  const { inputs, app } = await declared();
  const image = Object(inputs["app-image"]);
  expect(image).toMatchObject({
    imageName: expect.stringMatching(/^rollgate\/rollgate-test:1\.2\.3-[0-9a-f]{12}-[0-9a-f]{8}$/),
    build: { args: { BASE: "eclipse-temurin:17-jre" } },
    skipPush: true,
  });
  expect(image.build.context).toMatch(/^\.rollgate\/test\/image\/1\.2\.3-[0-9a-f]{12}$/);
  expect(image.build.dockerfile).toBe(`${image.build.context}/Dockerfile`);
  expect(app.image).toBeUndefined();
});

test("an image is for what its engine runs on, whatever Pulumi runs on", async () => {
  const { url } = await fakeEngine({ "GET /version": { Os: "linux", Arch: "s390x" } });
  const { inputs } = await declared({ dockerEngine: url });
  expect(inputs["app-image"]).toMatchObject({ build: { platform: "linux/s390x" } });
});

test("an image has no platform as long as no engine answers", async () => {
  const { inputs } = await declared({ dockerEngine: "unix:///nowhere/docker.sock" });
  expect(Object(inputs["app-image"]).build).not.toHaveProperty("platform");
});

test("with a registry the image is pushed there, and the rollout gets it by its digest", async () => {
  const { inputs, app } = await declared({
    imageRepository: "registry.example.com/shop",
    imagePlatform: "linux/amd64",
  });
  expect(inputs["app-image"]).toMatchObject({
    imageName: expect.stringMatching(/^registry\.example\.com\/shop:1\.2\.3-/),
    build: { platform: "linux/amd64" },
    skipPush: false,
  });
  expect(app.image).toBeDefined();
});

test("the image of a canary is built next to the others', and a node is drained of one pod at a time all the same", async () => {
  const jar = await writeJar(join(await temporaryDirectory(), "next.jar"), "1.3.0");
  const { names, inputs, app } = await declared({
    ...{ imageRepository: "registry.example.com/shop", canary: { jar } },
  });
  expect(names).toContain("app-disruption");
  expect(inputs["app-canary-image"]).toMatchObject({
    imageName: expect.stringMatching(/^registry\.example\.com\/shop:1\.3\.0-/),
    build: { context: expect.stringMatching(/^\.rollgate\/test\/canary-image\/1\.3\.0-/) },
  });
  expect(inputs["app-image"]).toMatchObject({ imageName: expect.stringContaining("/shop:1.2.3-") });
  expect(app.canaryImage).toBeDefined();
});

test("an image that CI has built is not built again, and a namespace that is there is left alone", async () => {
  const { names } = await declared({ jar: "", image: "shop:1.2.3", namespace: "shop", replicas: 1 });
  expect(names.sort()).toEqual(["app", "app-cluster", "app-pods", "nginx", "nginx-service"]);
});

test.each<[expose: object, type: string, more: object]>([
  [{ type: "node-port", nodePort: 30080 }, "NodePort", { port: 80, nodePort: 30080 }],
  [{ type: "load-balancer", port: 8080, annotations: { a: "b" } }, "LoadBalancer", { port: 8080 }],
])("%o", async (expose, type, port) => {
  const { inputs } = await declared({ expose });
  expect(inputs["nginx-service"]).toMatchObject({
    metadata: { annotations: Object(expose).annotations ?? {} },
    spec: { type, ports: [port] },
  });
});

const serverNames = ["shop.example.com"];

test("an ingress routes the names and the path to the Service, with a certificate if there is one", async () => {
  const expose = { type: "ingress", className: "nginx", tlsSecret: "shop-tls", annotations: { a: "b" } };
  const { inputs, nginx } = await declared({ expose, serverNames, pathPrefix: "/api" });
  expect(inputs["nginx-service"]).toMatchObject({ spec: { type: "ClusterIP" } });
  const backend = { service: { name: "rollgate-test", port: { number: 80 } } };
  expect(inputs["nginx-ingress"]).toMatchObject({
    metadata: { annotations: { a: "b", "pulumi.com/skipAwait": "true" } },
    spec: {
      ingressClassName: "nginx",
      tls: [{ hosts: serverNames, secretName: "shop-tls" }],
      rules: [{ host: "shop.example.com", http: { paths: [{ path: "/api", pathType: "Prefix", backend }] } }],
    },
  });
  expect(await known(nginx.proxies)).toMatchObject([{ url: "https://shop.example.com/api" }]);
});

test("a route of the Gateway API does the same at a Gateway", async () => {
  const expose = { type: "gateway", gateway: "edge", gatewayNamespace: "infra", https: true };
  const { inputs, nginx } = await declared({ expose, serverNames });
  expect(inputs["nginx-route"]).toMatchObject({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    spec: {
      parentRefs: [{ name: "edge", namespace: "infra" }],
      hostnames: serverNames,
      rules: [{ backendRefs: [{ name: "rollgate-test", port: 80 }] }],
    },
  });
  expect(await known(nginx.proxies)).toMatchObject([{ url: "https://shop.example.com" }]);
});

class ReadyService extends RollingService {
  ready = () => this.getData();
}

/** What a service of a program declares: the inputs of each resource, by its name. */
async function serviceWith(settings: Omit<ServiceSettings, "kind">) {
  const { tree, resources } = await mockPulumi({ project: "company", stack: "dev" });
  const service = new ReadyService("shop", { kind: "kubernetes", kubeconfig, ...settings });
  await service.ready();
  await tree();
  return Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs]));
}

test("a service of a program is the same, with its own name and without hosts", async () => {
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  const inputs = await serviceWith({ jar, imageRepository: "registry.example.com/shop" });
  expect(inputs["shop-app-namespace"]).toMatchObject({ metadata: { name: "company-dev-shop" } });
  expect(inputs["shop-rollout"]).toMatchObject({
    jar: { path: jar, version: "1.2.3" },
    hosts: [{ name: "company-dev-shop", namespace: "company-dev-shop" }],
    proxies: [{ service: "company-dev-shop" }],
  });
});

test("a preview shows the image, the namespace and the cluster of other resources as unknown, and asks nothing", async () => {
  const lines: string[] = [];
  const spy = vi.spyOn(pulumi.log, "info").mockImplementation(async (line) => void lines.push(line));
  onTestFinished(() => spy.mockRestore());
  const unknown = pulumi.output(pulumi.unknown).apply(String);
  const inputs = await serviceWith({
    ...{ image: unknown, namespace: unknown, kubeconfig: unknown, kubeContext: unknown },
    ...{ imagePullSecret: unknown, expose: { type: "ingress", className: unknown, tlsSecret: unknown } },
  });
  expect(lines).toEqual([
    expect.stringMatching(/^(\S+ known after other resources exist, ){6}\S+ known .*asks nothing of them\.$/),
  ]);
  expect(Object.keys(inputs).sort()).toEqual([
    ...["shop", "shop-app", "shop-app-cluster", "shop-app-disruption", "shop-app-pods"],
    ...["shop-nginx", "shop-nginx-ingress", "shop-nginx-service", "shop-rollout"],
  ]);
  expect(inputs["shop-app-cluster"]).toMatchObject({ kubeconfig: undefined, context: undefined });
  expect(inputs["shop-nginx-service"]).toMatchObject({ metadata: { namespace: undefined } });
  const { jar, hosts } = Object(inputs["shop-rollout"]);
  expect([jar.path, jar.version, jar.sha256, hosts[0].namespace, hosts[0].image.name]).toEqual(
    Array(5).fill(undefined),
  );
  expect(JSON.stringify(inputs)).not.toContain("known-later");
});

test("a preview that can't know the cluster and the namespace shows the image of the jar", async () => {
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  const spy = vi.spyOn(pulumi.log, "info").mockImplementation(async () => {});
  onTestFinished(() => spy.mockRestore());
  const unknown = pulumi.output(pulumi.unknown).apply(String);
  const inputs = await serviceWith({ jar, kubeconfig: unknown, namespace: unknown });
  expect(inputs["shop-app-image"]).toMatchObject({
    imageName: expect.stringMatching(/^rollgate\/company-dev-shop:1\.2\.3-/),
  });
  expect(inputs["shop-rollout"]).toMatchObject({ jar: { version: "1.2.3" } });
});

test("a preview with an unknown registry shows the pods as ever", async () => {
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  const spy = vi.spyOn(pulumi.log, "info").mockImplementation(async () => {});
  onTestFinished(() => spy.mockRestore());
  const inputs = await serviceWith({ jar, imageRepository: pulumi.output(pulumi.unknown).apply(String) });
  expect(inputs["shop-app-namespace"]).toMatchObject({ metadata: { name: "company-dev-shop" } });
  expect(inputs["shop-rollout"]).toMatchObject({
    jar: { path: jar, version: "1.2.3" },
    hosts: [{ namespace: "company-dev-shop", image: { repository: undefined, isPushed: true } }],
  });
});
