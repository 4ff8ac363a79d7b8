import { beforeAll, describe, expect, test } from "vitest";
import { DockerImage } from "#kinds/docker/dockerImage.ts";
import { AppHostResource } from "../../../components/appHostResource.ts";
import { NginxResource } from "../../../components/nginxResource.ts";
import { RollingDeployment } from "../../../components/rollingDeployment.ts";
import { serving } from "../../../harness/serving.ts";
import { mockPulumi } from "../../support/pulumi.ts";
import { validRequest } from "../../support/rollRequest.ts";

// Pulumi keeps the code of a provider in the state: whatever it captured would be kept, and diffed, with it.
describe.each([
  "#provider/hostResource.ts",
  "#provider/nginx.ts",
  "#provider/deployment.ts",
  "#kinds/docker/pulledImage.ts",
])("the provider that is %s, in the state", (module) => {
  const code: Record<string, string> = {};

  beforeAll(async () => {
    const { tree, resources } = await mockPulumi();
    const { hosts, proxies, ...request } = validRequest();
    for (const host of hosts.slice(0, 1))
      new AppHostResource("#provider/hostResource.ts", { ...host, java: "java", graceSeconds: 30 });
    new NginxResource("#provider/nginx.ts", { ...proxies[0], ...serving, hosts: [], executable: "nginx" });
    new DockerImage("#kinds/docker/pulledImage.ts", { engine: "", image: "jre:17" });
    new RollingDeployment("#provider/deployment.ts", { ...request, hosts, proxies });
    await tree();
    for (const { name, inputs } of resources) code[name] = String(inputs.__provider);
  });

  test("is short", () => {
    expect(code[module]?.length).toBeLessThan(4096);
  });

  test("imports its code, and nothing else", () => {
    const imports = [...(code[module] ?? "").matchAll(/import\(([^)]*)\)/g)].map(([, from]) => from);
    expect(imports).toEqual([JSON.stringify(module)]);
  });

  test("contains no code of the rollout", () => {
    expect(code[module]).not.toMatch(/undici|zod|require\(|__vite|node:/);
  });
});
