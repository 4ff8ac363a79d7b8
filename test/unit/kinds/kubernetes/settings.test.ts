import { log } from "@pulumi/pulumi";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { RollingDeployment } from "../../../../components/rollingDeployment.ts";
import { fakeCluster } from "../../../support/kubernetes/fakeCluster.ts";
import { known } from "../../../support/pulumi.ts";
import { readAny, refusal, withoutPulumi } from "../../../support/settings.ts";

withoutPulumi();

let kubeconfig: string;
beforeEach(async () => {
  kubeconfig = (await fakeCluster()).kubeconfig;
});

const readKubernetes = (settings: object = {}) => readAny({ kind: "kubernetes", kubeconfig, ...settings });
const kubernetesRefusal = (settings: object) => refusal({ kind: "kubernetes", kubeconfig, ...settings });

describe("what is read", () => {
  test("with nothing but a jar and the kind, two pods in a namespace of their own", async () => {
    const { rollout, engine } = await readKubernetes();
    expect(rollout.hosts).toEqual([
      {
        kind: "kubernetes",
        name: "rollgate-test",
        address: "127.0.0.1",
        port: 8080,
        cluster: { kubeconfigFile: kubeconfig },
        namespace: "rollgate-test",
        pods: {
          ...{ replicas: 2, surge: 1, unavailable: 0, soakSeconds: 5, progressSeconds: 95 },
          ...{ settleSeconds: 30, graceSeconds: 35, keepReleases: 3 },
        },
        probes: {
          ...{ readinessPath: "/actuator/health", intervalMilliseconds: 1000 },
          ...{ timeoutMilliseconds: 1000, rise: 2, fall: 3 },
        },
        image: {
          repository: "rollgate/rollgate-test",
          build: expect.stringMatching(/^[0-9a-f]{8}$/),
          isPushed: false,
        },
      },
    ]);
    expect(rollout.proxies).toEqual([
      {
        ...{ kind: "kubernetes", address: "0.0.0.0", port: 80, namespace: "rollgate-test" },
        ...{ service: "rollgate-test", url: "http://rollgate-test.rollgate-test.svc" },
      },
    ]);
    expect(rollout).toMatchObject({ minimumHealthy: 0, launch: { container: { user: "10001:10001" } } });
    expect(engine).toEqual({});
  });

  test("order and batch say how many pods come and go at a time", async () => {
    const podsOf = async (settings: object) => {
      const { rollout } = await readKubernetes({ replicas: 8, ...settings });
      return Object(rollout.hosts[0]).pods;
    };
    expect(await podsOf({ batch: "25%" })).toMatchObject({ replicas: 8, surge: 2, unavailable: 0 });
    expect(await podsOf({ order: "start-first", batch: "3" })).toMatchObject({ surge: 3, unavailable: 0 });
    expect(await podsOf({ order: "stop-first", batch: "2" })).toMatchObject({ surge: 0, unavailable: 2 });
    expect(await podsOf({ order: "stop-first", batch: "100%" })).toMatchObject({ surge: 0, unavailable: 7 });
  });

  test("another base image or platform is another image, with the same jar", async () => {
    const buildOf = async (settings: object) =>
      Object((await readKubernetes(settings)).rollout.hosts[0]).image.build;
    const one = await buildOf({});
    expect(await buildOf({ containerImage: "eclipse-temurin:21-jre" })).not.toBe(one);
    expect(await buildOf({ imagePlatform: "linux/arm64" })).not.toBe(one);
  });

  test("an image that CI has built is a release by its tag and digest, and needs neither jar nor engine", async () => {
    const digest = "c".repeat(64);
    const image = `registry.example.com/shop:1.2.3@sha256:${digest}`;
    const { jar, engine, rollout } = await readKubernetes({ jar: "", image });
    expect(jar).toEqual({ path: `/${image}`, version: "1.2.3", sha256: digest });
    expect(engine).toBeUndefined();
    expect(rollout.hosts).toMatchObject([{ image: { name: image } }]);
    const tagged = await readKubernetes({ jar: "", image: "shop:1.2.4", version: "9" });
    expect(tagged.jar).toMatchObject({ version: "9", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test("a canary takes its share of the pods, and has a soak of its own", async () => {
    const image = "registry.example.com/shop:1.3.0";
    const given = { replicas: 2, image, soakSeconds: 300 };
    const { rollout, canary } = await readKubernetes({ replicas: 5, canary: given });
    const [main, other] = rollout.hosts;
    expect(main).toMatchObject({ name: "rollgate-test", pods: { replicas: 3, soakSeconds: 5 } });
    expect(other).toMatchObject({
      name: "rollgate-test-canary",
      canaryOf: "rollgate-test",
      image: { name: image },
      pods: { replicas: 2, soakSeconds: 300, progressSeconds: 390 },
    });
    expect(canary).toMatchObject({
      hosts: ["rollgate-test-canary"],
      soakSeconds: 300,
      release: expect.stringMatching(/^1\.3\.0-[0-9a-f]{12}$/),
    });
  });

  test("a canary from a jar has an image like that of the others, which is built next to theirs", async () => {
    const path = (await readKubernetes()).jar?.path;
    const { rollout, jar, canary } = await readKubernetes({ canary: { jar: path, version: "2.0.0" } });
    expect(canary).toMatchObject({ release: expect.stringMatching(/^2\.0\.0-/), jar: { path } });
    const [main, other] = rollout.hosts;
    expect(Object(other).image).toEqual(Object(main).image);
    const deployment = new RollingDeployment("rollout", { ...rollout, jar, canary });
    expect(await known(deployment.urn)).toContain("rollout");
  });

  test("stacks with long or alike names never share a name in the cluster", async () => {
    const { workloadName } = await import("#kinds/kubernetes/workloadName.ts");
    const names = [
      workloadName({ project: "shop", stack: "prod" }),
      workloadName({ project: "Shop", stack: "prod" }),
      workloadName({ project: "shop-prod", stack: "x".repeat(60) }),
      workloadName({ project: "shop-prod", stack: "x".repeat(61) }),
      workloadName({ project: "7", stack: "prod" }),
    ];
    expect(new Set(names).size).toBe(5);
    expect(names[0]).toBe("shop-prod");
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/);
  });

  test("only a single pod that stops first is warned of", async () => {
    const warned = vi.spyOn(log, "warn").mockImplementation(async () => {});
    await readKubernetes({ replicas: 1 });
    expect(warned).not.toHaveBeenCalled();
    await readKubernetes({ replicas: 1, order: "stop-first" });
    expect(warned.mock.calls).toEqual([
      ["replicas: there is only one, and it stops first, so every roll means downtime."],
    ]);
  });

  test("the whole request is valid", async () => {
    const { rollout, jar, canary } = await readKubernetes({ replicas: 3 });
    const deployment = new RollingDeployment("rollout", { ...rollout, jar, canary });
    expect(await known(deployment.urn)).toContain("rollout");
  });
});

describe("a setting that makes no sense is rejected with one line that says what does it instead", () => {
  test.each<[settings: Record<string, unknown>, line: string]>([
    [
      { hosts: [{ name: "app-1", environment: { KEY: "hunter2" } }] },
      "hosts: expected no value on kind kubernetes, got some: use replicas",
    ],
    [
      { nginxPort: 80 },
      "nginxPort: expected no value on kind kubernetes, got 80: use expose.port, or expose.nodePort",
    ],
    [
      { nginxImage: "nginx:1.27" },
      'nginxImage: expected no value on kind kubernetes, got "nginx:1.27": set expose.nginx to have one',
    ],
    [
      { gzip: true },
      "gzip: expected no value on kind kubernetes, got true: set expose.nginx, or this where requests come in",
    ],
    [
      { minimumHealthy: "1" },
      "minimumHealthy: expected no value on kind kubernetes, got 1: Kubernetes rolls by",
    ],
    [
      { warmUp: { paths: ["/"] } },
      "warmUp: expected no value on kind kubernetes, got some: let readinessPath fail",
    ],
    [
      { hooks: { beforeHost: { command: "true" } } },
      "hooks.beforeHost: expected no value on kind kubernetes, which replaces pods by itself, got some: use beforeRoll",
    ],
    [
      { hooks: { afterHost: [{ command: "true" }] } },
      "hooks.afterHost: expected no value on kind kubernetes, which replaces pods by itself, got some: use analysis.checks",
    ],
    [
      { canary: { hosts: ["app-1"], jar: "/x.jar" } },
      "canary.hosts: expected no value on kind kubernetes: use canary.replicas",
    ],
    [
      { canary: { traffic: "testers", jar: "/x.jar" } },
      'canary.traffic: expected no value on kind kubernetes, where each pod gets the same share, got "testers"',
    ],
    [{ canary: { jar: "/x.jar", replicas: 2 } }, "canary.replicas: expected 1–1, got 2"],
    [{ replicas: 1, canary: { jar: "/x.jar" } }, "canary: expected replicas of at least 2"],
    [{ canary: { replicas: 1 } }, "canary.jar: expected a jar or canary.image, got neither"],
    [{ canary: { jar: "/x.jar", image: "a:1" } }, "canary.jar: expected no value with canary.image"],
    [{ canary: { image: "shop" } }, "canary.image: expected a name with a tag that never moves"],
    [{ canary: { jar: "/x.jar", share: 5 } }, "canary.share: unknown setting"],
    [{ canary: { jar: "/no.jar" } }, "canary.jar: "],
    [
      { jar: "", image: "shop:1", canary: { jar: "/x.jar" } },
      "canary.jar: expected canary.image, since there is an image, got /x.jar",
    ],
    [
      { sshProvision: false },
      "sshProvision: expected no value on kind kubernetes, got false: there are no servers",
    ],
    [{ batch: "[1, 50%]" }, "batch: expected a list or an object, got a string"],
    [
      { batch: [1, "50%"] },
      'batch: expected one size on kind kubernetes, since a Deployment has only one, got [1,"50%"]',
    ],
    [{ replicas: -1 }, "replicas: expected 1–1000, got -1"],
    [
      { replicas: 0 },
      "replicas: expected 1–1000, got 0: a roll has to see its release serve. To stop for a while, use kubectl scale",
    ],
    [{ namespace: "Shop" }, "namespace: expected 1–63 lower-case letters"],
    [
      { namespace: "shop" },
      "namespace: expected one that is there, got shop: create it, or leave this empty",
    ],
    [{ kubeContext: "other" }, "kubeContext: expected fake, got other"],
    [{ kubeconfig: "/nowhere/config" }, "kubeconfig: expected a kubeconfig, but"],
    [{ image: "shop:1" }, "jar: expected no value with image"],
    [{ jar: "", image: "shop" }, "image: expected a name with a tag that never moves or a digest"],
    [{ imagePlatform: "amd64" }, 'imagePlatform: expected a platform such as linux/amd64, got "amd64"'],
    [{ imageRepository: "https://registry/shop" }, "imageRepository: expected a repository without a tag"],
    [
      { expose: { type: "tunnel" } },
      'expose.type: expected type: cluster-ip, node-port, load-balancer, ingress or gateway, got "tunnel"',
    ],
    [
      { expose: { type: "gateway", gateway: "edge", nodePort: 30080 } },
      "expose.nodePort: expected no value with type gateway, got 30080: it belongs to node-port",
    ],
    [{ expose: { type: "node-port", nodeprt: 30080 } }, "expose.nodeprt: unknown setting"],
    [{ expose: { type: "gateway" } }, "expose.gateway: expected a string, got nothing"],
    [{ expose: { type: "node-port", nodePort: 0 } }, "expose.nodePort: expected 1–65535, got 0"],
    [
      { pathPrefix: "/shop" },
      "pathPrefix: expected / unless expose.type is ingress or gateway, or expose.nginx is set, got /shop with cluster-ip",
    ],
    [{ livenessPath: "alive" }, "livenessPath: expected a path such as /actuator/health"],
    [{ healthDeadlineSeconds: 0 }, "healthDeadlineSeconds: expected 1–3600, got 0"],
    [{ settleSeconds: 5 }, "settleSeconds: expected at least slowestRequestSeconds (30), got 5"],
  ])("%o", async (settings, line) => {
    const told = await kubernetesRefusal(settings);
    expect(told).toContain(`rollgate:${line}`);
    expect(told.split("\n")).toHaveLength(1);
    expect(told).not.toContain("hunter2");
  });

  test("a kubeconfig that is nowhere", async () => {
    vi.stubEnv("KUBECONFIG", undefined);
    vi.stubEnv("HOME", "/nowhere");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await kubernetesRefusal({ kubeconfig: "" })).toBe(
      "rollgate:kubeconfig: expected a file, found neither KUBECONFIG nor ~/.kube/config. Nothing was changed.",
    );
  });

  test.each(["replicas", "namespace", "image"])("%s on another kind", async (setting) => {
    expect(await refusal({ [setting]: setting === "replicas" ? 3 : "shop" })).toContain(
      `rollgate:${setting}: expected no value, since this setting is only for stacks of kind kubernetes, got`,
    );
  });

  test("a namespace of its name that somebody else has", async () => {
    const metadata = { name: "rollgate-test", labels: {} };
    const cluster = await fakeCluster({ "/api/v1/namespaces/rollgate-test": { metadata } });
    expect(await kubernetesRefusal({ kubeconfig: cluster.kubeconfig })).toContain(
      "namespace: expected rollgate-test to be free or this stack's own, found one of somebody else",
    );
  });
});
