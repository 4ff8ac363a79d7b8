import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { freePort } from "../../harness/freePort.ts";
import { until } from "../../harness/until.ts";
import { fakeAppImage } from "../support/docker/fakeAppImage.ts";
import { noOwnEngine, OwnEngine } from "../support/docker/ownEngine.ts";
import { fakeJar } from "../support/fakeJava.ts";
import { noPlugin } from "./noPlugin.ts";
import { Project } from "./project.ts";

const reason = (await noDocker()) ?? (await noOwnEngine()) ?? noPlugin("docker");
if (reason !== undefined) console.log(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)(
  "a stack of containers whose engine was restarted, with the real CLI and the real docker plugin",
  { timeout: 300_000 },
  () => {
    let engine: OwnEngine;
    let project: Project;
    let port: number;

    beforeAll(async () => {
      const { nginx } = await baseImages();
      const app = await fakeAppImage(nginx);
      engine = await OwnEngine.start();
      await engine.load(nginx, app);
      port = await freePort();
      project = await Project.create("e2e-reboot");
      const { path } = await fakeJar({ version: "1.0.0" }, project.directory);
      await project.configure({
        ...{ kind: "docker", dockerEngine: engine.url, jar: path, nginxPort: port, soakSeconds: 0 },
        ...{ nginxImage: nginx, containerImage: app, dockerSubnet: "10.77.0.0/24" },
        ...{ "hosts[0].name": "app-1", "hosts[1].name": "app-2" },
      });
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
    }, 300_000);

    afterAll(async () => {
      await project?.remove();
      await engine?.remove();
    }, 180_000);

    const serves = async () => (await engine.get(port, "/")).endsWith("\r\n\r\n1.0.0");

    test("serves again without an update, and an update after a refresh finds nothing to do", async () => {
      await engine.restart();
      await until(serves);
      const preview = await project.pulumi("preview", "--refresh", "--expect-no-changes", "--diff");
      expect(preview.code, preview.output).toBe(0);
    });

    test("whose nginx was stopped by hand is repaired by one update that replaces neither network nor volumes", async () => {
      await engine.docker("stop", "rollgate-e2e-reboot-nginx");
      const network = () => engine.docker("network", "inspect", "--format", "{{.Id}}", "rollgate-e2e-reboot");
      const before = await network();
      const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--refresh");
      expect(code, output).toBe(0);
      await until(serves);
      expect(await network()).toBe(before);
    });

    test("keeps its network: the preview rejects another subnet", async () => {
      await project.configure({ dockerSubnet: "10.78.0.0/24" });
      const { code, output } = await project.pulumi("preview");
      await project.configure({ dockerSubnet: "10.77.0.0/24" });
      expect(code).not.toBe(0);
      expect(output).toContain(
        "rollgate:dockerSubnet: expected 10.77.0.0/24, the subnet of the network rollgate-e2e-reboot, got 10.78.0.0/24",
      );
    });

    test("cannot give a host's number to another name in one step", async () => {
      await project.configure({ "hosts[1].name": "web-2" });
      const { code, output } = await project.pulumi("preview");
      expect(code).not.toBe(0);
      expect(output).toContain("rollgate:hosts[1].address: expected a free address, got 10.77.0.12");
      await project.pulumi("config", "rm", "--path", "hosts[1]");
      expect((await project.up()).code).toBe(0);
      await project.configure({ "hosts[1].name": "web-2" });
      const second = await project.up();
      expect(second.code, second.output).toBe(0);
      expect(Object.keys(Object(await project.output("releases")))).toEqual(["app-1", "web-2"]);
    });
  },
);
