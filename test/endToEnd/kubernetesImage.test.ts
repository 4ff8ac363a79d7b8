import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { writeFakeJar } from "../../harness/fakeApplication.ts";
import {
  HOST_ADDRESS,
  KUBECONFIG,
  kubectl,
  noCluster,
  pullFrom,
  startCluster,
} from "../../harness/kubernetes/kubernetesCluster.ts";
import { ImageRegistry } from "../support/docker/imageRegistry.ts";
import { nodeAppImage } from "../support/docker/nodeAppImage.ts";
import { noPlugin } from "./noPlugin.ts";
import { Project } from "./project.ts";

const NAME = "rollgate-e2e-image";
const reason = (await noDocker()) ?? (await noCluster()) ?? noPlugin("kubernetes") ?? noPlugin("docker");
if (reason !== undefined) console.log(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)(
  "images that are built from jars and pushed, with the real CLI and plugins",
  { timeout: 300_000 },
  () => {
    const jars = { old: "", next: "" };
    const ends: (() => Promise<void>)[] = [];
    let registry: ImageRegistry;
    let project: Project;

    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
      ends.push(() => rm(folder, { recursive: true }));
      jars.old = (await writeFakeJar({ version: "1.0.0" }, folder)).path;
      jars.next = (await writeFakeJar({ version: "1.1.0" }, folder)).path;
      const { image, java } = await nodeAppImage((await baseImages()).nginx);
      registry = await ImageRegistry.start();
      ends.push(() => registry.remove());
      ends.push(await startCluster());
      await registry.listen(HOST_ADDRESS);
      ends.push(await pullFrom(registry.host, `http://${HOST_ADDRESS}:${registry.port}`));
      project = await Project.create("e2e-image");
      ends.push(() => project.remove());
      await project.configure({
        ...{ kind: "kubernetes", kubeconfig: KUBECONFIG, jar: jars.old, containerImage: image, java },
        ...{ imageRepository: `${registry.host}/shop`, settleSeconds: 1, slowestRequestSeconds: 1 },
        ...{ soakSeconds: 1, graceSeconds: 5, shutdownPhaseSeconds: 1 },
      });
    }, 900_000);

    afterAll(async () => {
      for (const end of ends.toReversed()) await end();
    }, 180_000);

    async function expectNoChanges(): Promise<void> {
      const preview = await project.pulumi("preview", "--expect-no-changes");
      expect(preview.code, preview.output).toBe(0);
    }

    test("the first release is built and pushed, and the node pulls it by its digest", async () => {
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(registry.tags("shop")).toEqual([expect.stringMatching(/^1\.0\.0-[0-9a-f]{12}-[0-9a-f]{8}$/)]);
      const [image] = await imagesOf(NAME);
      expect(image).toMatch(`${registry.host}/shop@sha256:`);
      expect(registry.pulled).toContain(image?.slice(registry.host.length + 1));
      await expectNoChanges();
    });

    test("a canary's image is built and pushed besides, and the other pods keep theirs", async () => {
      const [old] = await imagesOf(NAME);
      await project.configure({ "canary.jar": jars.next });
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(registry.tags("shop")).toHaveLength(2);
      const [canary] = await imagesOf(`${NAME}-canary`);
      expect(canary).toMatch(`${registry.host}/shop@sha256:`);
      expect(canary).not.toBe(old);
      expect(registry.pulled).toContain(canary?.slice(registry.host.length + 1));
      expect(await imagesOf(NAME)).toEqual([old]);
      await expectNoChanges();
    });

    test("the release of a canary that is promoted is in the same image", async () => {
      const canary = await imagesOf(`${NAME}-canary`);
      await project.configure({ jar: jars.next });
      await project.pulumi("config", "rm", "canary");
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(await imagesOf(NAME)).toEqual(canary);
      await expectNoChanges();
    });

    test("a destroyed stack leaves nothing in the cluster", async () => {
      const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
      expect(code, output).toBe(0);
      expect(await kubectl("get", "namespaces", "--output=name")).not.toContain(NAME);
    });
  },
);

/** The image of a Deployment. */
async function imagesOf(deployment: string): Promise<string[]> {
  const path = "-o=jsonpath={.spec.template.spec.containers[*].image}";
  return (await kubectl("-n", NAME, "get", "deployment", deployment, path)).split(" ");
}
