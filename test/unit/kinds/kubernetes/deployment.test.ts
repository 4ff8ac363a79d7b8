import { describe, expect, test } from "vitest";
import type { KubernetesHost, KubernetesProxy } from "#kinds/kubernetes/kubernetesDescriptors.ts";
import { canaryNameOf } from "#kinds/kubernetes/names.ts";
import { workloadOf } from "#kinds/kubernetes/workloadOf.ts";
import { kubernetesHost } from "../../../support/kubernetes/kubernetesHost.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const RELEASE = "1.1.0-bbbbbbbbbbbb";
const { launch, environment, health } = validRequest();
const container = {
  image: "eclipse-temurin:17-jre",
  user: "10001:10002",
  memoryMegabytes: 512,
  milliCpus: 1500,
};

const proxy: KubernetesProxy = {
  kind: "kubernetes",
  address: "0.0.0.0",
  port: 80,
  namespace: "shop-prod",
  service: "shop-prod",
};

function workload(more: Partial<KubernetesHost> = {}, request: object = {}) {
  const place = kubernetesHost(more);
  return workloadOf({
    launch: { ...launch, container },
    environment,
    health,
    hosts: [place],
    proxies: [proxy],
    ...request,
  });
}

function podOf(more: Partial<KubernetesHost> = {}, request: object = {}) {
  const { spec } = workload(more, request).deploymentOf(RELEASE, "secret-1");
  const [app] = spec?.template.spec?.containers ?? [];
  if (!spec || !app) throw new Error("expected a container");
  return { deployment: spec, pod: spec.template.spec, app };
}

describe("the Deployment for a release", () => {
  test("rolls without a pod too few, and gives up when its deadlines say so", () => {
    const { deployment } = podOf();
    expect(deployment).toMatchObject({
      replicas: 3,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      minReadySeconds: 5,
      progressDeadlineSeconds: 95,
      revisionHistoryLimit: 3,
    });
  });

  test("selects its pods by labels that no release, option or image changes", () => {
    const one = workload().deploymentOf(RELEASE, "secret-1");
    const other = workload({ image: { name: "shop:2" } }).deploymentOf("2.0.0-cccccccccccc", "secret-2");
    const selector = { matchLabels: { "app.kubernetes.io/name": "shop-prod" } };
    expect([one.spec?.selector, other.spec?.selector]).toEqual([selector, selector]);
    expect(one.spec?.template.metadata?.labels).toMatchObject(selector.matchLabels);
  });

  test("the application is asked by kubelet as the health gate and the active checks ask elsewhere", () => {
    const { app } = podOf();
    const httpGet = { path: "/actuator/health", port: "http", scheme: "HTTP" };
    const { startupProbe, readinessProbe, livenessProbe } = app;
    expect(startupProbe).toEqual({
      httpGet,
      periodSeconds: 1,
      timeoutSeconds: 2,
      successThreshold: 1,
      failureThreshold: 60,
    });
    expect(readinessProbe).toEqual({
      httpGet,
      periodSeconds: 1,
      timeoutSeconds: 1,
      successThreshold: 2,
      failureThreshold: 3,
    });
    expect(livenessProbe).toMatchObject({ tcpSocket: { port: "http" }, periodSeconds: 10 });
    expect(livenessProbe).not.toHaveProperty("httpGet");
  });

  test("readiness and liveness have groups and a port of their own if they are set", () => {
    const probes = { ...kubernetesHost().probes, readinessPath: "/ready", livenessPath: "/alive" };
    const { app } = podOf({ probes, healthPort: 8081 });
    expect(app.startupProbe?.httpGet).toMatchObject({ path: "/actuator/health", port: "health" });
    expect(app.readinessProbe?.httpGet).toMatchObject({ path: "/ready", port: "health" });
    expect(app.livenessProbe?.httpGet).toMatchObject({ path: "/alive", port: "health" });
    expect(app.ports).toEqual([
      { name: "http", containerPort: 8080 },
      { name: "health", containerPort: 8081 },
    ]);
  });

  test("a pod goes on serving before SIGTERM, and has its whole grace period after that", () => {
    const { app, pod } = podOf();
    expect(app.lifecycle).toEqual({ preStop: { sleep: { seconds: 10 } } });
    expect(pod?.terminationGracePeriodSeconds).toBe(45);
    const { app: hasty } = podOf({ pods: { ...kubernetesHost().pods, settleSeconds: 0 } });
    expect(hasty).not.toHaveProperty("lifecycle");
  });

  test("nothing in a pod is root, can be written or may speak to the cluster, except /tmp", () => {
    const { app, pod } = podOf();
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10002, fsGroup: 10002 },
      volumes: [{ name: "tmp", emptyDir: {} }],
    });
    expect(app.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(app.volumeMounts).toEqual([{ name: "tmp", mountPath: "/tmp" }]);
  });

  test("has the limits of a container, and asks nodes for as much", () => {
    const each = { memory: "512Mi", cpu: "1500m" };
    expect(podOf().app.resources).toEqual({ requests: each, limits: each });
    const none = { ...container, memoryMegabytes: 0, milliCpus: 0 };
    expect(podOf({}, { launch: { ...launch, container: none } }).app.resources).toEqual({});
  });

  test("spreads the pods of one release over zones and nodes", () => {
    expect(podOf().pod?.topologySpreadConstraints).toMatchObject([
      { topologyKey: "topology.kubernetes.io/zone", matchLabelKeys: ["pod-template-hash"] },
      { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
    ]);
  });
});

describe("a canary", () => {
  const canary = kubernetesHost({ name: "shop-prod-canary", canaryOf: "shop-prod", address: "127.0.0.2" });

  test("has the label of the Service, and one that tells its pods from the others", () => {
    const both = workload({}, { hosts: [kubernetesHost(), canary] });
    const { metadata, spec } = both.canary?.deploymentOf(RELEASE, "secret-1") ?? {};
    const labels = { "app.kubernetes.io/name": "shop-prod", "rollgate/track": "canary" };
    expect(metadata).toMatchObject({ name: "shop-prod-canary", labels });
    expect(spec?.selector).toEqual({ matchLabels: labels });
    expect(spec?.template.metadata?.labels).toMatchObject(labels);
    expect(both.deploymentOf(RELEASE, "s").spec?.template.metadata?.labels).not.toHaveProperty(
      "rollgate/track",
    );
  });

  test("runs its own image by its digest, once that is known", () => {
    const image = `registry.example.com/shop@sha256:${"b".repeat(64)}`;
    const hosts = [kubernetesHost(), canary];
    const both = workload({}, { hosts, canary: { hosts: [canary.name], release: RELEASE, image } });
    const imageIn = (of: { deploymentOf: typeof both.deploymentOf } | undefined) =>
      of?.deploymentOf(RELEASE, "s").spec?.template.spec?.containers[0]?.image;
    expect([imageIn(both), imageIn(both.canary)]).toEqual([expect.stringContaining("/shop:1.1.0-"), image]);
  });

  test("of another Deployment, or a second one, is rejected", () => {
    expect(() => workload({}, { hosts: [kubernetesHost({ name: "other" }), canary] })).toThrow(
      "hosts[1].canaryOf: expected other, got shop-prod",
    );
    expect(() => workload({}, { hosts: [canary] })).toThrow("expected one Deployment and at most one canary");
    expect(() => workload({}, { hosts: [kubernetesHost(), canary, canary] })).toThrow("got 3 hosts");
  });
});

test("a canary's name is no longer than that of a host, and differs from stack to stack", () => {
  expect(canaryNameOf("shop-prod")).toBe("shop-prod-canary");
  const names = ["a", "b"].map((last) => canaryNameOf(`${"x".repeat(31)}${last}`));
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name).toMatch(/^x+-[0-9a-f]{6}-canary$/);
  expect(names[0]).toHaveLength(32);
});

describe("the image", () => {
  test("of a jar is named after the release, started with all options, and pulled by its digest once that is known", () => {
    const { app } = podOf();
    expect(app.image).toBe("registry.example.com/shop:1.1.0-bbbbbbbbbbbb-0a1b2c3d");
    expect(app.imagePullPolicy).toBe("IfNotPresent");
    expect([...(app.command ?? []), ...(app.args ?? [])]).toEqual([
      "java",
      "-Xmx256m",
      "-jar",
      "/application/app.jar",
      "--server.port=8080",
      "--server.address=0.0.0.0",
      "--spring.profiles.active=prod",
    ]);
    expect(app.envFrom).toEqual([{ secretRef: { name: "secret-1" } }]);
    const image = `registry.example.com/shop@sha256:${"a".repeat(64)}`;
    expect(podOf({}, { image }).app.image).toBe(image);
  });

  test("of a jar is never pulled without a registry", () => {
    const image = { repository: "rollgate/shop-prod", build: "0a1b2c3d", isPushed: false };
    expect(podOf({ image }).app).toMatchObject({
      image: "rollgate/shop-prod:1.1.0-bbbbbbbbbbbb-0a1b2c3d",
      imagePullPolicy: "Never",
    });
  });

  test("that somebody else has built starts the application itself, and gets the JVM options in a variable", () => {
    const options = { ...launch, container, jvmOptions: ["-Xmx256m", "-Dname=my shop"] };
    const { app } = podOf({ image: { name: "registry.example.com/shop:1.2.3" } }, { launch: options });
    expect(app.image).toBe("registry.example.com/shop:1.2.3");
    expect(app).not.toHaveProperty("command");
    expect(app.args).toEqual(["--spring.profiles.active=prod"]);
    expect(app.env).toEqual([
      { name: "ROLLGATE_HOST", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
      { name: "SERVER_PORT", value: "8080" },
      { name: "SERVER_ADDRESS", value: "0.0.0.0" },
      { name: "JAVA_TOOL_OPTIONS", value: "-Xmx256m '-Dname=my shop'" },
    ]);
  });

  test("a version with characters that no tag has, and a very long one, still gives a tag that differs", () => {
    const release = `1.0+build-${"x".repeat(150)}-bbbbbbbbbbbb`;
    const [app] = workload().deploymentOf(release, "s").spec?.template.spec?.containers ?? [];
    expect(app?.image).toMatch(/^registry\.example\.com\/shop:[A-Za-z0-9_][\w.-]{0,127}$/);
    expect(app?.image).toMatch(/-bbbbbbbbbbbb-0a1b2c3d$/);
  });
});
