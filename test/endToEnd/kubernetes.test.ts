import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import {
  importImages,
  KUBECONFIG,
  kubectl,
  NODE_ADDRESS,
  noCluster,
  startCluster,
} from "../../harness/kubernetes/kubernetesCluster.ts";
import { Traffic } from "../../harness/traffic.ts";
import { nodeAppImage } from "../support/docker/nodeAppImage.ts";
import { knowRoutes, ROUTES } from "../support/kubernetes/knowRoutes.ts";
import { podImage } from "../support/kubernetes/podImages.ts";
import { noPlugin } from "./noPlugin.ts";
import { Project } from "./project.ts";

const REQUESTS_PER_SECOND = 100;

const reason = (await noDocker()) ?? (await noCluster()) ?? noPlugin("kubernetes");
if (reason !== undefined) console.log(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)(
  "a stack in a cluster, with the real CLI and the real kubernetes plugin",
  { timeout: 300_000 },
  () => {
    const images = { old: "", next: "" };
    let stop: (() => Promise<void>) | undefined;
    let project: Project;
    let neighbour: Project;
    const url = (port: number) => `http://${NODE_ADDRESS}:${port}`;

    beforeAll(async () => {
      const { jre, nginx } = await baseImages();
      const { image, java } = await nodeAppImage(jre);
      images.old = await podImage(image, java, { version: "1.0.0" });
      images.next = await podImage(image, java, { version: "1.1.0" });
      stop = await startCluster();
      await importImages([...Object.values(images), nginx]);
      project = await projectOf("e2e-a", 30081);
      neighbour = await projectOf("e2e-b", 30082, { "expose.nginx": true, nginxImage: nginx });
    }, 900_000);

    afterAll(async () => {
      await project?.remove();
      await neighbour?.remove();
      await stop?.();
    }, 180_000);

    test("brings up two stacks in one cluster, and then previews no change", async () => {
      for (const [each, port] of [
        [project, 30081],
        [neighbour, 30082],
      ] as const) {
        const { code, output } = await each.up();
        expect(code, output).toBe(0);
        expect(output).not.toContain("a-secret-password");
        // Such as that an output is undefined; the plugin's own word for a Deployment that still starts is none of ours.
        expect(output.replaceAll(/warning: \[MinimumReplicasUnavailable\]/g, "")).not.toContain("warning:");
        expect(await each.output("url")).toBe(url(port));
        expect(await versionAt(port)).toBe("1.0.0");
      }
      for (const each of [project, neighbour]) {
        const preview = await each.pulumi("preview", "--expect-no-changes");
        expect(preview.code, preview.output).toBe(0);
      }
      expect((await project.pulumi("stack", "export")).output).not.toContain("a-secret-password");
    });

    test("previews from which release to which a roll goes, and rolls without a lost request, past the other stack", async () => {
      const others = await pods("rollgate-e2e-b");
      await project.configure({ image: images.next });
      const preview = await project.pulumi("preview", "--diff");
      expect(preview.output).toMatch(
        /rollgate-e2e-a: 1\.0\.0-[0-9a-f]{12}.* => .*rollgate-e2e-a: 1\.1\.0-[0-9a-f]{12}/,
      );

      // A connection for each request: one that is kept would stay with its pod, whose application ends without waiting.
      const traffic = new Traffic(url(30081), REQUESTS_PER_SECOND, { pipelining: 0 });
      const { code, output } = await project.up();
      const { lost, sent } = await traffic.stop();
      expect(code, output).toBe(0);
      expect(lost).toEqual([]);
      expect(sent).toBeGreaterThan(REQUESTS_PER_SECOND * 5);
      expect(await versionAt(30081)).toBe("1.1.0");
      expect(await versionAt(30082)).toBe("1.0.0");
      expect(await pods("rollgate-e2e-b")).toEqual(others);
      const again = await project.pulumi("preview", "--expect-no-changes");
      expect(again.code, again.output).toBe(0);
    });

    test("rolls behind nginx without a lost request of clients that keep their connections, and nginx has counted them", async () => {
      await neighbour.configure({ image: images.next });
      const traffic = new Traffic(url(30082), REQUESTS_PER_SECOND);
      const { code, output } = await neighbour.up();
      const { lost } = await traffic.stop();
      expect(code, output).toBe(0);
      expect(lost).toEqual([]);
      expect(output).toMatch(/done +[\d,]+ requests, 0 lost/);
      const again = await neighbour.pulumi("preview", "--expect-no-changes");
      expect(again.code, again.output).toBe(0);
    });

    test("shows what was changed by hand, and heals it", async () => {
      await kubectl("-n", "rollgate-e2e-a", "scale", "deployment", "rollgate-e2e-a", "--replicas=1");
      expect((await project.pulumi("preview", "--expect-no-changes")).code).not.toBe(0);
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(await pods("rollgate-e2e-a")).toHaveLength(2);
    });

    test("changes over to a Gateway without touching a pod, and fails before the roll without the Gateway API", async () => {
      const before = await pods("rollgate-e2e-a");
      await project.pulumi("config", "rm", "--path", "expose.nodePort");
      await project.configure({
        ...{ "expose.type": "gateway", "expose.gateway": "edge", "serverNames[0]": "shop.example.com" },
      });
      const failed = await project.up();
      expect(failed.code, failed.output).not.toBe(0);
      expect(failed.output).toContain('no matches for kind "HTTPRoute"');
      expect(failed.output).not.toContain("preflight");

      await knowRoutes();
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(await project.output("url")).toBe("http://shop.example.com");
      const route = JSON.parse(
        await kubectl("-n", "rollgate-e2e-a", "get", ROUTES, "rollgate-e2e-a", "-o=json"),
      );
      expect(route.spec).toEqual({
        parentRefs: [{ name: "edge" }],
        hostnames: ["shop.example.com"],
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ name: "rollgate-e2e-a", port: 80 }],
          },
        ],
      });
      expect(await pods("rollgate-e2e-a")).toEqual(before);
      const again = await project.pulumi("preview", "--expect-no-changes");
      expect(again.code, again.output).toBe(0);
    });

    test("a destroyed stack leaves nothing, and the other one serves on", async () => {
      const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
      expect(code, output).toBe(0);
      expect(await kubectl("get", "namespaces", "--output=name")).not.toContain("rollgate-e2e-a");
      expect(await versionAt(30082)).toBe("1.1.0");
      const second = await neighbour.pulumi("destroy", "--yes", "--skip-preview");
      expect(second.code, second.output).toBe(0);
      expect(await kubectl("get", "namespaces", "--output=name")).not.toContain("rollgate-e2e-b");
    });

    async function projectOf(stack: string, nodePort: number, settings: object = {}): Promise<Project> {
      const made = await Project.create(stack);
      await made.configure({
        ...{ kind: "kubernetes", kubeconfig: KUBECONFIG, image: images.old },
        ...{ "expose.type": "node-port", "expose.nodePort": nodePort, ...settings },
        ...{
          settleSeconds: 3,
          slowestRequestSeconds: 1,
          soakSeconds: 1,
          graceSeconds: 5,
          shutdownPhaseSeconds: 1,
        },
      });
      await made.pulumi("config", "set", "--secret", "--path", "environment.PASSWORD", "a-secret-password");
      return made;
    }
  },
);

async function versionAt(port: number): Promise<string> {
  const response = await fetch(`http://${NODE_ADDRESS}:${port}/hello`);
  return Object(await response.json()).version;
}

/** The names of the pods that are not about to go. */
async function pods(namespace: string): Promise<string[]> {
  const { items } = JSON.parse(await kubectl("-n", namespace, "get", "pods", "--output=json"));
  const all: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  }[] = items;
  return all
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}
