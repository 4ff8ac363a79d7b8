import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import { inRepository } from "../../tools/inRepository.ts";
import { run } from "../../tools/run.ts";
import { nodeAppImage } from "../support/docker/nodeAppImage.ts";
import { testAutomation } from "./automation.ts";
import { ExamplePrograms } from "./examplePrograms.ts";
import { testExamples } from "./examples.ts";
import { InstalledPackage } from "./installedPackage.ts";
import { noPlugin } from "./noPlugin.ts";
import { testTemplates } from "./templates.ts";

const withoutDocker = (await noDocker()) ?? noPlugin("docker");
if (withoutDocker !== undefined) console.log(`skipped: ${withoutDocker}`);

const ROOMS = ["components", "kinds", "plugin", "provider", "rollout", "settings"];

describe("the package, installed by npm, with the real CLI and a fake java", { timeout: 300_000 }, () => {
  let installed: InstalledPackage;
  let tarballs: { readonly first: string; readonly next: string };
  let settings: { readonly directory: string; readonly [key: string]: unknown };
  const jars = { old: "", next: "" };

  beforeAll(async () => {
    installed = await InstalledPackage.create();
    tarballs = await installed.pack();
    await installed.install(tarballs.first);
    const { directory } = installed;
    jars.old = (await writeFakeJar({ version: "1.0.0" }, directory)).path;
    jars.next = (await writeFakeJar({ version: "1.1.0" }, directory)).path;
    const ports = [await freePort(), await freePort(), await freePort()];
    settings = {
      kind: "local",
      java: await writeFakeJava(directory),
      directory: join(directory, "files"),
      nginxPort: ports[0],
      hosts: ["app-1", "app-2"].map((name, index) => ({ name, port: ports[index + 1] })),
      soakSeconds: 0,
      reports: "off",
    };
    await installed.configure({ ...settings, jar: jars.old });
    await installed.init();
  }, 300_000);

  afterAll(async () => installed?.remove(), 120_000);

  test("holds the compiled sources and the files that they read, and nothing else", async () => {
    const { stdout } = await run("tar", ["-tzf", tarballs.first]);
    const packed = stdout
      .trim()
      .split("\n")
      .map((file) => file.replace("package/", ""));
    const sources = await Promise.all(
      ROOMS.map(async (room) => {
        const entries = await readdir(inRepository(room), { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => entry.isFile())
          .map(({ parentPath, name }) => join(parentPath, name));
      }),
    );
    const expected = sources
      .flat()
      .map((file) => file.slice(inRepository().length + 1))
      .flatMap((file) =>
        file.endsWith(".ts") ? [".js", ".d.ts"].map((end) => file.replace(/\.ts$/, end)) : file,
      );
    const papers = ["CHANGELOG.md", "LICENSE", "Pulumi.yaml", "README.md", "package.json"];
    expect(packed.sort()).toEqual([...expected, ...papers].sort());
  });

  describe("with all packages that the example programs name", () => {
    let programs: ExamplePrograms;

    beforeAll(async () => {
      programs = await ExamplePrograms.create(tarballs.first);
    }, 300_000);

    afterAll(async () => programs?.remove());

    testExamples(() => programs);
    testAutomation(() => programs);
    testTemplates(() => programs);
  });

  test("has types that accept the example program, and reject a setting that there isn't", async () => {
    const example = await readFile(inRepository("examples", "two-services", "index.ts"), "utf8");
    const wrong = `// @ts-expect-error
      new RollingService("wrong", { kind: "local", hosts: [], jars: "app.jar" });`;
    await installed.typeCheck(`${example}\n${wrong}`);
  });

  test("deploys from an ES module, and has nothing to do in a second preview", async () => {
    const { code, output } = await installed.pulumi("module", "up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toMatch(/app-2: "1\.0\.0-/);
    const again = await installed.pulumi("module", "preview", "--refresh", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
  });

  test("is previewed by another program, from the folder of its project", async () => {
    await installed.configure({ ...settings, jar: jars.next });
    const said = await installed.automate(
      "module",
      `import { automation } from "@pulumi/pulumi";
      const stack = await automation.LocalWorkspace.selectStack({ stackName: "dev", workDir: process.cwd() });
      const { changeSummary } = await stack.preview();
      const { releases } = await stack.outputs();
      console.log(JSON.stringify({ changeSummary, releases: releases.value }));`,
    );
    expect(said).toEqual({
      changeSummary: { same: 7, update: 1 },
      releases: { "app-1": expect.stringMatching("^1.0.0-"), "app-2": expect.stringMatching("^1.0.0-") },
    });
  });

  test("says by its exit code and as lines of JSON that an update failed, and why", async () => {
    const changes = await installed.pulumi("module", "preview", "--expect-no-changes");
    // What older versions exit with if anything fails is 255.
    expect([7, 255], changes.output).toContain(changes.code);
    await installed.configure({ ...settings, jar: "not-there.jar" });
    const { code, output } = await installed.pulumi("module", "up", "--yes", "--skip-preview", "--json");
    expect([1, 255], output).toContain(code);
    const errors = output.split("\n").flatMap((line) => {
      const { severity, message } = Object(JSON.parse(line).diagnosticEvent);
      return severity === "error" ? [message] : [];
    });
    expect(errors).toContainEqual(expect.stringMatching(/shop:jar: expected a jar, .* Nothing was changed/));
  });

  test("rolls from CommonJS, with the same state", async () => {
    await installed.configure({ ...settings, jar: jars.next });
    const { code, output } = await installed.pulumi("commonjs", "up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toMatch(/\] app-2 +admit +takes traffic/);
    expect(output).toMatch(/app-2: .*=> "1\.1\.0-/);
  });

  test("shows no change once its next version is installed, in another folder", async () => {
    await installed.move();
    await installed.install(tarballs.next);
    for (const type of ["module", "commonjs"] as const) {
      const { code, output } = await installed.pulumi(type, "preview", "--refresh", "--expect-no-changes");
      expect(code, output).toBe(0);
    }
  });

  test("names what to install for Docker, if it is missing", async () => {
    await installed.configure({ ...settings, directory: "", kind: "docker", jar: jars.next });
    const { code, output } = await installed.pulumi("module", "preview");
    await installed.configure({ ...settings, jar: jars.next });
    expect(code).not.toBe(0);
    expect(output).toContain(
      "shop:kind: expected the package @pulumi/docker in the program, found none: npm install @pulumi/docker. Nothing was changed.",
    );
  });

  test("leaves nothing when it is destroyed", async () => {
    const { code, output } = await installed.pulumi("commonjs", "destroy", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(existsSync(join(settings.directory, "nginx"))).toBe(false);
    expect(existsSync(join(settings.directory, "hosts", "app-1", "releases"))).toBe(false);
    const port = Object(settings.hosts)[0].port;
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${settings.nginxPort}/`)).rejects.toThrow();
  });

  test.skipIf(withoutDocker !== undefined)(
    "deploys to Docker and leaves nothing there",
    { timeout: 300_000 },
    async () => {
      const { nginx } = await baseImages();
      const { image, java } = await nodeAppImage(nginx);
      onTestFinished(async () => void (await docker(["image", "rm", image])));
      const { directory: _, hosts: __, ...common } = settings;
      const hosts = [{ name: "app-1" }, { name: "app-2" }];
      const inContainers = {
        kind: "docker",
        java,
        containerImage: image,
        nginxImage: nginx,
        jar: jars.next,
        hosts,
      };
      await installed.configure({ ...common, ...inContainers });
      await installed.installDocker();
      const { code, output } = await installed.pulumi("module", "up", "--yes", "--skip-preview");
      expect(code, output).toBe(0);
      expect((await fetch(`http://127.0.0.1:${settings.nginxPort}/`)).status).toBe(200);
      const again = await installed.pulumi("module", "preview", "--refresh", "--expect-no-changes");
      expect(again.code, again.output).toBe(0);
      const destroyed = await installed.pulumi("module", "destroy", "--yes", "--skip-preview");
      expect(destroyed.code, destroyed.output).toBe(0);
      expect(await docker(["ps", "--all", "--quiet", "--filter", "name=shop-dev-shop-"])).toBe("");
    },
  );
});
