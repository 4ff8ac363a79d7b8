import { beforeAll, describe, expect, test } from "vitest";
import { DockerImage } from "#kinds/docker/dockerImage.ts";
import { SshServer } from "#kinds/ssh/sshServer.ts";
import { AppHostResource } from "../../../components/appHostResource.ts";
import { NginxResource } from "../../../components/nginxResource.ts";
import { RollingDeployment } from "../../../components/rollingDeployment.ts";
import { serving } from "../../../harness/serving.ts";
import { inRepository } from "../../../tools/inRepository.ts";
import { mockPulumi } from "../../support/pulumi.ts";
import { validRequest } from "../../support/rollRequest.ts";

const FINDERS = {
  host: ["rollgate/provider", "appHost()"],
  nginx: ["rollgate/provider", "nginx()"],
  deployment: ["rollgate/provider", "rollingDeployment()"],
  image: ["rollgate/provider/docker-image", undefined],
  server: ["rollgate/provider/ssh-server", undefined],
};

const SERVER = {
  graceSeconds: 30,
  place: {
    kind: "ssh",
    name: "app-1",
    address: "10.0.0.1",
    port: 8080,
    server: "deploy@app-1",
    sshConfig: "",
    supervisor: "systemd",
    directory: "/srv/rollgate/prod/hosts/app-1",
    unit: "rollgate-prod-app-1",
  },
} as const;

// Pulumi keeps the code of a provider in the state: whatever it captured would be kept, and diffed, with it.
describe.each(Object.entries(FINDERS))(
  "the provider of the %s, in the state",
  (resource, [module, finder]) => {
    let code: string;

    beforeAll(async () => {
      const { tree, resources } = await mockPulumi();
      const { hosts, proxies, ...request } = validRequest();
      for (const host of hosts.slice(0, 1))
        new AppHostResource("host", { ...host, java: "java", graceSeconds: 30 });
      new NginxResource("nginx", { ...proxies[0], ...serving, hosts: [], executable: "nginx" });
      new DockerImage("image", { engine: "", image: "jre:17" });
      new SshServer("server", { ...SERVER, user: "root", account: "app", command: "java", package: "jre" });
      new RollingDeployment("deployment", { ...request, hosts, proxies });
      await tree();
      code = String(resources.find(({ name }) => name === resource)?.inputs.__provider);
    });

    test("is short", () => {
      expect(code.length).toBeLessThan(4096);
    });

    test("finds its code by the package's name, and imports nothing else", () => {
      const imports = [...code.matchAll(/import\(([^)]*)\)\)?\.?(\w+\([^)]*\))?/g)].map(
        ([, ...found]) => found,
      );
      expect(imports).toEqual([[`"${module}"`, finder]]);
    });

    test("contains no code of the rollout, and no path of the machine that wrote it", () => {
      expect(code).not.toMatch(/undici|zod|require\(|__vite|node:/);
      expect(code).not.toContain(inRepository());
      expect(code).not.toContain("file:");
    });
  },
);
