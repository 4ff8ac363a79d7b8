import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { inRepository } from "../../../tools/inRepository.ts";
import { fakeEngine } from "../../support/fakeEngine.ts";
import { fakeCluster } from "../../support/kubernetes/fakeCluster.ts";
import { read, readAny, withoutPulumi } from "../../support/settings.ts";
import { withoutDockerSettings } from "../../support/withoutDockerSettings.ts";

withoutPulumi();
withoutDockerSettings();

const COMMITTED = ["Pulumi.docker-check-module.yaml", "Pulumi.docker.yaml", "Pulumi.local.yaml"];

async function settingsIn(file: string): Promise<Record<string, unknown>> {
  const { config } = parse(await readFile(inRepository(file), "utf8"));
  const entries = Object.entries(Object(config)).map(([key, value]) => [
    key.replace(/^rollgate:/, ""),
    value,
  ]);
  // Their jar is built by the demo.
  return Object.fromEntries(entries.filter(([key]) => key !== "jar"));
}

test.each(COMMITTED)("%s is accepted as it is", async (file) => {
  const settings = await settingsIn(file);
  const engine = settings.kind === "docker" ? { dockerEngine: (await fakeEngine()).url } : {};
  const { rollout, nginx } = await read({ ...settings, ...engine });
  expect(rollout.hosts).toHaveLength(2);
  expect(nginx.kind).toBe(settings.kind ?? "local");
});

test("Pulumi.kubernetes.yaml is accepted as it is", async () => {
  const { kubeconfig } = await fakeCluster();
  const { rollout } = await readAny({ ...(await settingsIn("Pulumi.kubernetes.yaml")), kubeconfig });
  expect(rollout.hosts).toMatchObject([{ pods: { replicas: 3 } }]);
});

test("the two Docker stacks can run at the same time, and only one uses the image that is not recommended", async () => {
  const [plain, checkModule] = [
    await settingsIn("Pulumi.docker.yaml"),
    await settingsIn("Pulumi.docker-check-module.yaml"),
  ];
  expect(checkModule.nginxPort).not.toBe(plain.nginxPort);
  expect(checkModule).toMatchObject({
    nginxImage: "mrlioncub/nginx_upstream_check_module",
    nginxFlavour: "check-module",
  });
  expect(plain).not.toHaveProperty("nginxImage");
});
