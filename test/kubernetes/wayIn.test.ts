import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppHosts } from "../../components/appHosts.ts";
import { CheckingNginx } from "../../components/checkingNginx.ts";
import { KUBECONFIG, kubectl, noCluster, startCluster } from "../../harness/kubernetes/kubernetesCluster.ts";
import { createObjects } from "../support/kubernetes/createObjects.ts";
import { knowRoutes, ROUTES } from "../support/kubernetes/knowRoutes.ts";
import { mockPulumi } from "../support/pulumi.ts";
import { readAny, withoutPulumi } from "../support/settings.ts";

const NAMESPACE = "ways-in";
const NAME = "rollgate-test";
const reason = await noCluster();

describe.skipIf(reason !== undefined)(
  `a way in, as a real API accepts it${reason ? ` (${reason})` : ""}`,
  { timeout: 60_000 },
  () => {
    withoutPulumi();
    let stop: () => Promise<void>;

    beforeAll(async () => {
      stop = await startCluster();
      await kubectl("create", "namespace", NAMESPACE);
      await knowRoutes();
    }, 120_000);

    afterAll(() => stop?.(), 120_000);

    /** Creates what a stack declares besides its pods; returns it as it is stored, by its resource's name. */
    async function created(settings: object) {
      const settled = { kind: "kubernetes", kubeconfig: KUBECONFIG, namespace: NAMESPACE, ...settings };
      const { app, nginx } = await readAny({ jar: "", image: "shop:1.2.3", ...settled });
      const { tree, resources } = await mockPulumi();
      new AppHosts("app", app);
      new CheckingNginx("nginx", nginx);
      await tree();
      const declared = resources.filter(({ type }) => type.startsWith("kubernetes:"));
      await createObjects(
        NAMESPACE,
        declared.map(({ inputs }) => inputs),
      );
      const stored = JSON.parse(
        await kubectl("-n", NAMESPACE, "get", `service,ingress,pdb,${ROUTES}`, "--output=json"),
      );
      await kubectl("-n", NAMESPACE, "delete", `service,ingress,pdb,${ROUTES}`, "--all");
      return Object.fromEntries(
        stored.items.map((item: { readonly kind: string }) => [item.kind, item] as const),
      );
    }

    const serverNames = ["shop.example.com"];

    test("a load balancer, which has no address for as long as nobody gives it one", async () => {
      const { Service, PodDisruptionBudget } = await created({ expose: { type: "load-balancer" } });
      expect(Service).toMatchObject({ spec: { type: "LoadBalancer" }, status: { loadBalancer: {} } });
      expect(PodDisruptionBudget).toMatchObject({ spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } });
    });

    test("an Ingress of a class that is nowhere", async () => {
      const expose = { type: "ingress", className: "nginx", tlsSecret: "shop-tls" };
      const { Service, Ingress } = await created({ expose, serverNames, pathPrefix: "/api" });
      expect(Service).toMatchObject({ spec: { type: "ClusterIP" } });
      const backend = { service: { name: NAME, port: { number: 80 } } };
      expect(Ingress).toMatchObject({
        spec: {
          ingressClassName: "nginx",
          rules: [{ host: "shop.example.com", http: { paths: [{ path: "/api", backend }] } }],
        },
        status: { loadBalancer: {} },
      });
    });

    test("a route at a Gateway that is nowhere", async () => {
      const { HTTPRoute } = await created({ expose: { type: "gateway", gateway: "edge" }, serverNames });
      expect(HTTPRoute).toMatchObject({
        spec: { parentRefs: [{ name: "edge" }], rules: [{ backendRefs: [{ name: NAME, port: 80 }] }] },
      });
    });
  },
);
