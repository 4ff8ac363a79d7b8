import { beforeEach, expect, test, vi } from "vitest";
import { AppHosts } from "../../../components/appHosts.ts";
import { CheckingNginx } from "../../../components/checkingNginx.ts";
import { fakeCluster } from "../../support/kubernetes/fakeCluster.ts";
import { known, mockPulumi } from "../../support/pulumi.ts";
import { readAny, refusal, withoutPulumi } from "../../support/settings.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

withoutPulumi();

let kubeconfig: string;
beforeEach(async () => {
  kubeconfig = (await fakeCluster()).kubeconfig;
  vi.spyOn(process, "cwd").mockReturnValue(await temporaryDirectory());
});

/** What a stack with nginx in front declares: the inputs of each resource, by its name. */
async function declared({ expose = {}, ...settings }: Record<string, unknown> = {}) {
  const given = { kind: "kubernetes", kubeconfig, expose: { nginx: true, ...Object(expose) }, ...settings };
  const read = await readAny(given);
  const { tree, resources } = await mockPulumi();
  new AppHosts("app", read.app);
  const nginx = new CheckingNginx("nginx", read.nginx);
  await tree();
  const inputs = Object.fromEntries(resources.map(({ name, inputs }) => [name, Object(inputs)]));
  return { inputs, rollout: read.rollout, proxies: await known(nginx.proxies) };
}

test("nginx is a Deployment of two pods between the Service of the clients and that of the pods", async () => {
  const { inputs, proxies } = await declared({ expose: { type: "node-port", nodePort: 30080 } });
  const selector = { "app.kubernetes.io/name": "rollgate-test" };
  const own = { "app.kubernetes.io/name": "rollgate-test-nginx" };
  expect(inputs["nginx-pods-service"]).toMatchObject({
    metadata: { name: "rollgate-test-pods", annotations: { "pulumi.com/skipAwait": "true" } },
    spec: { clusterIP: "None", selector },
  });
  expect(inputs["nginx-service"]).toMatchObject({
    metadata: { name: "rollgate-test" },
    spec: { type: "NodePort", selector: own, ports: [{ port: 80, nodePort: 30080, targetPort: "http" }] },
  });
  const { spec, metadata } = inputs["nginx-nginx"];
  expect(metadata.annotations).toBeUndefined();
  expect(spec).toMatchObject({
    replicas: 2,
    selector: { matchLabels: own },
    strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  });
  const [container] = spec.template.spec.containers;
  expect(container).toMatchObject({
    image: "nginx:stable",
    securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    readinessProbe: { httpGet: { path: "/ready", port: "ready" } },
  });
  expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 101 });
  expect(inputs["nginx-nginx-disruption"]).toMatchObject({ spec: { maxUnavailable: 1 } });
  expect(proxies).toMatchObject([
    {
      service: "rollgate-test",
      nginx: { name: "rollgate-test-nginx", podsService: "rollgate-test-pods" },
    },
  ]);
});

test("its account may only list the endpoints of the namespace", async () => {
  const { inputs } = await declared();
  expect(inputs["nginx-nginx-role"].rules).toEqual([
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"] },
  ]);
  expect(inputs["nginx-nginx-rights"]).toMatchObject({
    roleRef: { kind: "Role", name: "rollgate-test-nginx" },
    subjects: [{ kind: "ServiceAccount", name: "rollgate-test-nginx", namespace: "rollgate-test" }],
  });
});

test("what a site sets is in its configuration, and another one is another object", async () => {
  const plain = await declared();
  const { inputs } = await declared({
    closedPaths: ["/actuator"],
    maxBodySize: "20m",
    serverNames: ["shop.example.com"],
    healthPort: 8081,
    readinessPath: "/actuator/health/readiness",
    nginxImage: "registry.example.com/nginx:1.28",
    imagePullSecret: "registry",
    expose: { nginx: 3 },
  });
  const filesIn = (all: typeof inputs) => Object.keys(all).filter((name) => Object.hasOwn(all[name], "data"));
  const [files = ""] = filesIn(inputs);
  const { metadata, data, immutable } = inputs[files];
  expect(metadata.name).toMatch(/^rollgate-test-nginx-[0-9a-f]{10}$/);
  // Pulumi deletes what a resource was before by its name, even if it is back meanwhile.
  expect(files).toBe(`nginx-${metadata.name}`);
  expect(filesIn(plain.inputs)).not.toEqual([files]);
  expect(immutable).toBe(true);
  expect(data["nginx.conf"]).toContain("client_max_body_size 20m;");
  expect(data["nginx.conf"]).toContain("server_name shop.example.com;");
  expect(data["nginx.conf"]).toContain("if ($rollgate_test_closed) { return 404; }");
  const [script] = Object.keys(data).filter((name) => name.endsWith(".js"));
  expect(data[script ?? ""]).toContain('"path":"/actuator/health/readiness","port":8080,"healthPort":8081');
  const { spec } = inputs["nginx-nginx"];
  expect(spec.replicas).toBe(3);
  expect(spec.template.spec).toMatchObject({
    imagePullSecrets: [{ name: "registry" }],
    containers: [{ image: "registry.example.com/nginx:1.28" }],
    volumes: [{ configMap: { name: metadata.name } }, {}],
  });
});

test.each(["ingress", "gateway"])(
  "behind an %s, which knows the names, nginx answers to any, such as to a balancer that checks it by its address",
  async (type) => {
    const expose = { type, ...(type === "gateway" && { gateway: "public" }) };
    const { inputs } = await declared({ serverNames: ["shop.example.com"], expose });
    const configurations = Object.values(inputs).flatMap(({ data }) => data?.["nginx.conf"] ?? []);
    expect(configurations).toHaveLength(1);
    expect(configurations[0]).not.toContain("shop.example.com");
  },
);

test("Kubernetes gives up no pod before nginx has had the time to find the new one up", async () => {
  const podsOf = async (settings: object) => Object((await declared({ ...settings })).rollout.hosts[0]).pods;
  expect(await podsOf({ soakSeconds: 0 })).toMatchObject({ soakSeconds: 5 });
  expect(await podsOf({ soakSeconds: 60 })).toMatchObject({ soakSeconds: 60 });
  expect(await podsOf({ soakSeconds: 0, checkIntervalMilliseconds: 5000, checkRise: 3 })).toMatchObject({
    soakSeconds: 21,
  });
  expect(await podsOf({ soakSeconds: 0, checkTimeoutMilliseconds: 4900 })).toMatchObject({ soakSeconds: 16 });
});

test.each<[settings: Record<string, unknown>, line: string]>([
  [{ expose: { nginx: 0 } }, "expose.nginx: expected true or a number of pods from 1 to 20, got 0"],
  [{ expose: { nginx: false } }, "expose.nginx: expected true or a number of pods from 1 to 20, got false"],
  [
    { accessLog: { format: "json", path: "/var/log/shop.log" } },
    "accessLog.path: expected no value with kind",
  ],
  [{ balance: "cookie" }, 'balance: expected no value on kind kubernetes, got "cookie": requests go to'],
  [{ nginxPort: 80 }, "nginxPort: expected no value on kind kubernetes, got 80: use expose.port"],
  [
    { tls: { certificate: "a", key: "b" } },
    "tls: expected no value on kind kubernetes, got some: use expose",
  ],
  [{ ledgerPaths: true }, "ledgerPaths: expected no value on kind kubernetes, got true: the ledger"],
])("with nginx in front, %j is rejected", async (settings, line) => {
  const expose = { nginx: true, ...Object(settings.expose) };
  expect(await refusal({ kind: "kubernetes", kubeconfig, ...settings, expose })).toContain(line);
});
