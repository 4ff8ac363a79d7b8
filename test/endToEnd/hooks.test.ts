import { existsSync } from "node:fs";
import { readFile, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import { request } from "../../harness/request.ts";
import { Project } from "./project.ts";

describe("a stack with hooks and a canary, with the real CLI and a fake java", { timeout: 120_000 }, () => {
  let project: Project;
  let written: string;

  beforeAll(async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    project = await Project.create("hooks");
    written = join(project.directory, "written");
    await project.configure({
      jar: (await writeFakeJar({ version: "1.0.0" }, project.directory)).path,
      java: await writeFakeJava(project.directory),
      nginxPort: ports[0] ?? 0,
      "hosts[0].name": "app-1",
      "hosts[0].port": ports[1] ?? 0,
      "hosts[1].name": "app-2",
      "hosts[1].port": ports[2] ?? 0,
      soakSeconds: 0,
      "warmUp.paths[0]": "/",
      "hooks.beforeRoll.command":
        'echo "$ROLLGATE_STACK, $CI_TOKEN, $(pwd), $ROLLGATE_RELEASE" >> written; echo told',
    });
  }, 120_000);

  afterAll(async () => project?.remove(), 120_000);

  test("runs no hook in a preview", async () => {
    const { code, output } = await project.pulumi("preview");
    expect(code, output).toBe(0);
    expect(existsSync(written)).toBe(false);
  });

  test("runs a hook in the project's folder, with the environment of pulumi", async () => {
    vi.stubEnv("CI_TOKEN", "from CI");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
    const folder = await realpath(project.directory);
    expect(await readFile(written, "utf8")).toMatch(
      new RegExp(`^hooks, from CI, ${folder}, 1\\.0\\.0-[0-9a-f]{12}\n$`),
    );
    expect(output).toMatch(/fleet +hook +\| told/);
    expect(output).toMatch(/app-2 +warm-up +200 requests in \S+ s, the last took \d+ ms/);
    await rm(written);
  });

  test("has nothing to do if only a hook changes", async () => {
    await project.configure({ "hooks.afterRoll.command": "echo after" });
    const { code, output } = await project.pulumi("preview", "--expect-no-changes");
    expect(code, output).toBe(0);
  });

  test("shows a canary in the preview, brings it to its release, and finds it by a header", async () => {
    const { path } = await writeFakeJar({ version: "2.0.0" }, project.directory);
    await project.configure({ "canary.hosts[0]": "app-2", "canary.jar": path });
    const preview = await project.pulumi("preview", "--diff");
    expect(preview.output).toMatch(/"app-2: 1\.0\.0-[0-9a-f]{12}" +=> "app-2: 2\.0\.0-[0-9a-f]{12}/);
    expect(preview.output).not.toMatch(/=> "app-1: 2\.0\.0/);
    const { code, output } = await project.up();
    expect(code, output).toBe(0);
    expect(output).toMatch(/fleet +hook +\| after/);
    expect(await project.output("releases")).toEqual({
      "app-1": expect.stringMatching(/^1\.0\.0-/),
      "app-2": expect.stringMatching(/^2\.0\.0-/),
    });
    const url = String(await project.output("url"));
    const versions = async (headers: Record<string, string>) => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => request(`${url}/`, { headers })));
      return [...new Set(answers.map(({ body }) => JSON.parse(body).version))].sort();
    };
    expect(await versions({})).toEqual(["1.0.0", "2.0.0"]);
    expect(await versions({ "X-Canary": "always" })).toEqual(["2.0.0"]);
    expect(await versions({ "X-Canary": "never" })).toEqual(["1.0.0"]);
    const again = await project.pulumi("preview", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
  });
});
