import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { freePort } from "../../harness/freePort.ts";
import { Traffic } from "../../harness/traffic.ts";
import { buildMarket } from "../../tools/buildMarket.ts";
import { noPlugin } from "./noPlugin.ts";
import { Project } from "./project.ts";

const REQUESTS_PER_SECOND = 220;

const reason = (await noDocker()) ?? noPlugin("docker");
if (reason !== undefined) console.log(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)(
  "a stack of containers, with the real CLI and the real docker plugin",
  { timeout: 300_000 },
  () => {
    const jars = { old: "", next: "" };
    let project: Project;
    let neighbour: Project;
    let url: string;
    let before: string[];

    beforeAll(async () => {
      jars.old = await buildMarket({ version: "1.0.0" });
      jars.next = await buildMarket({ version: "1.1.0" });
      before = await everything();
      project = await projectOf("e2e-a", ["app-1", "app-2"]);
      neighbour = await projectOf("e2e-b", ["app-1"]);
    }, 900_000);

    afterAll(async () => {
      await project?.remove();
      await neighbour?.remove();
    }, 180_000);

    test("rejects an engine that does not answer with one line that names the setting", async () => {
      await project.configure({ dockerEngine: "unix:///nowhere/docker.sock" });
      const { code, output } = await project.pulumi("preview");
      await project.pulumi("config", "rm", "dockerEngine");
      expect(code).not.toBe(0);
      expect(output).toContain(
        "rollgate:dockerEngine: expected a Docker engine at unix:///nowhere/docker.sock, got connect ENOENT /nowhere/docker.sock. Nothing was changed.",
      );
      expect(output).not.toMatch(/\n\s+at /);
      expect(await everything()).toEqual(before);
    });

    test("deploys the first release to every host, and then previews no change", async () => {
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(output).not.toContain("a-secret-password");
      url = String(await project.output("url"));
      expect(await project.output("releases")).toEqual({
        "app-1": expect.stringMatching(/^1\.0\.0-[0-9a-f]{12}$/),
        "app-2": expect.stringMatching(/^1\.0\.0-[0-9a-f]{12}$/),
      });
      const preview = await project.pulumi("preview", "--expect-no-changes");
      expect(preview.code, preview.output).toBe(0);
    });

    test("keeps the environment of the application encrypted in the state", async () => {
      const { output } = await project.pulumi("stack", "export");
      expect(output).toContain("rollgate:RollingDeployment");
      expect(output).not.toContain("a-secret-password");
    });

    test("rolls without a lost request, and nginx is the same container as before", async () => {
      const nginx = "rollgate-e2e-a-nginx";
      const identity = ["inspect", "--format", "{{.Id}} {{.State.StartedAt}}", nginx];
      const untouched = await docker(identity);
      await project.configure({ jar: jars.next });
      const { result, lost, sent } = await underTraffic(() => project.up());
      expect(result.code, result.output).toBe(0);
      expect(lost).toEqual([]);
      expect(sent).toBeGreaterThan(REQUESTS_PER_SECOND * 5);
      expect(await docker(identity)).toBe(untouched);
      expect(await project.output("releases")).toMatchObject({
        "app-2": expect.stringMatching(/^1\.1\.0-[0-9a-f]{12}$/),
      });
    });

    test("runs next to another stack of the same project on the same engine", async () => {
      const { code, output } = await neighbour.up();
      expect(code, output).toBe(0);
      const preview = await project.pulumi("preview", "--expect-no-changes");
      expect(preview.code, preview.output).toBe(0);
      const destroyed = await neighbour.pulumi("destroy", "--yes", "--skip-preview");
      expect(destroyed.code, destroyed.output).toBe(0);
      expect((await fetch(`${url}/hello`)).status).toBe(200);
    });

    test("goes from two hosts to three and back without a lost request", async () => {
      const { result, lost } = await underTraffic(async () => {
        await project.configure({ "hosts[2].name": "app-3" });
        const more = await project.up();
        expect(more.code, more.output).toBe(0);
        expect(Object.keys(Object(await project.output("releases")))).toEqual(["app-1", "app-2", "app-3"]);
        await project.pulumi("config", "rm", "--path", "hosts[0]");
        return project.up();
      });
      expect(result.code, result.output).toBe(0);
      expect(lost).toEqual([]);
      expect(Object.keys(Object(await project.output("releases")))).toEqual(["app-2", "app-3"]);
      expect(await docker(["ps", "-aq", "--filter", "name=rollgate-e2e-a-app-1"])).toBe("");
    });

    test("leaves no container, network, volume or image of its own", async () => {
      const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
      expect(code, output).toBe(0);
      expect(await everything()).toEqual(before);
    });

    async function projectOf(stack: string, hosts: readonly string[]): Promise<Project> {
      const images = await baseImages();
      const made = await Project.create(stack);
      await made.configure({
        kind: "docker",
        jar: jars.old,
        nginxImage: images.nginx,
        containerImage: images.jre,
        nginxPort: await freePort(),
        ...Object.fromEntries(hosts.map((name, index) => [`hosts[${index}].name`, name])),
        "jvmOptions[0]": "-XX:TieredStopAtLevel=1",
        settleSeconds: 5,
        slowestRequestSeconds: 2,
        soakSeconds: 0,
      });
      await made.pulumi("config", "set", "--secret", "--path", "environment.PASSWORD", "a-secret-password");
      return made;
    }

    async function underTraffic<T>(work: () => Promise<T>) {
      const traffic = new Traffic(url, REQUESTS_PER_SECOND);
      try {
        const result = await work();
        const { lost, sent } = await traffic.stop();
        return { result, lost, sent };
      } finally {
        await traffic.stop();
      }
    }
  },
);

/** Everything on the engine that a stack of this project could have left. */
async function everything(): Promise<string[]> {
  const lists = [
    ["ps", "--all", "--format", "container {{.Names}}"],
    ["network", "ls", "--format", "network {{.Name}}"],
    ["volume", "ls", "--format", "volume {{.Name}}"],
    ["images", "--format", "image {{.Repository}}:{{.Tag}}"],
  ];
  const names = (await Promise.all(lists.map((list) => docker(list)))).flatMap((text) => text.split("\n"));
  return names.filter((name) => name.includes("rollgate-e2e")).sort();
}
