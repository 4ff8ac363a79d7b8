import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import { inRepository } from "../../tools/inRepository.ts";
import { type PulumiResult, runPulumi } from "../../tools/runPulumi.ts";

const PLUGINS = { providers: [{ name: "rollgate", path: inRepository("plugin") }] };
const JAVASCRIPT = {
  name: "shop",
  runtime: { name: "nodejs", options: { typescript: false } },
  main: "index.js",
};
/** It knows the type alone, as what Pulumi generates for another language does. */
const PROGRAM = `import { readFileSync } from "node:fs";
import { ComponentResource } from "@pulumi/pulumi";
const settings = JSON.parse(readFileSync("../settings.json", "utf8"));
class Service extends ComponentResource {
  constructor(name) {
    super("rollgate:index:RollingService", name, { releases: undefined, ...settings }, {}, true);
  }
}
export const releases = new Service("shop").releases;
`;
const COMPONENT = `import { readFileSync } from "node:fs";
import { RollingService } from "rollgate";
const settings = JSON.parse(readFileSync("../settings.json", "utf8"));
export const releases = new RollingService("shop", settings).releases;
`;
const withoutYaml = findExecutable("pulumi-language-yaml") ? "" : " (needs pulumi-language-yaml on PATH)";

describe("programs that get the service from the plugin, with the real CLI and a fake java", {
  timeout: 120_000,
}, () => {
  let directory: string;
  let settings: object;

  beforeAll(async () => {
    await mkdir(inRepository(".rollgate"), { recursive: true });
    directory = await mkdtemp(inRepository(".rollgate", "test-"));
    const ports = [await freePort(), await freePort()];
    settings = {
      kind: "local",
      jar: (await writeFakeJar({ version: "1.0.0" }, directory)).path,
      java: await writeFakeJava(directory),
      directory: join(directory, "files"),
      nginxPort: ports[0],
      hosts: [{ name: "app-1", port: ports[1] }],
      soakSeconds: 0,
      reports: "off",
    };
    await writeFile(join(directory, "settings.json"), JSON.stringify(settings));
    for (const folder of ["state", "script", "yaml"]) await mkdir(join(directory, folder));
    await writeFile(join(directory, "script", "index.js"), PROGRAM);
    await writeProject("script", { ...JAVASCRIPT, plugins: PLUGINS });
    await pulumi("script", "stack", "init", "dev");
  });

  afterAll(async () => rm(directory, { recursive: true, force: true }));

  function writeProject(folder: string, project: object): Promise<void> {
    return writeFile(join(directory, folder, "Pulumi.yaml"), stringify(project));
  }

  function pulumi(folder: string, ...args: string[]): Promise<PulumiResult> {
    const env = {
      PULUMI_BACKEND_URL: `file://${join(directory, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "not a secret",
    };
    return runPulumi(args, { cwd: join(directory, folder), env });
  }

  /** The program in this folder has nothing to do with the state of the one that deployed. */
  async function expectNoChanges(folder: string): Promise<void> {
    await copyFile(join(directory, "script", "Pulumi.dev.yaml"), join(directory, folder, "Pulumi.dev.yaml"));
    const { code, output } = await pulumi(folder, "preview", "--stack", "dev", "--expect-no-changes");
    expect(code, output).toBe(0);
    expect(output).toMatch(/Resources:\n +7 unchanged/);
  }

  test("one that knows it by its type alone deploys", async () => {
    const { code, output } = await pulumi("script", "up", "--stack", "dev", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toMatch(/\] app-1 +admit +takes traffic/);
    expect(output).toMatch(/app-1: "1\.0\.0-/);
  });

  test.skipIf(withoutYaml)(
    `the example in YAML has nothing to do with the same state${withoutYaml}`,
    async () => {
      const example = parse(await readFile(inRepository("examples", "yaml", "Pulumi.yaml"), "utf8"));
      const { shop } = example.resources;
      await writeProject("yaml", {
        ...example,
        plugins: PLUGINS,
        resources: { shop: { ...shop, properties: settings } },
      });
      await expectNoChanges("yaml");
    },
  );

  test("a program in JavaScript has nothing to do with it, either", async () => {
    await mkdir(join(directory, "component"));
    await writeProject("component", JAVASCRIPT);
    await writeFile(join(directory, "component", "index.js"), COMPONENT);
    await expectNoChanges("component");
  });

  test.skipIf(withoutYaml)(`the example in YAML rolls the next release${withoutYaml}`, async () => {
    const jar = (await writeFakeJar({ version: "1.1.0" }, directory)).path;
    const project = parse(await readFile(join(directory, "yaml", "Pulumi.yaml"), "utf8"));
    const { shop } = project.resources;
    const properties = { ...shop.properties, jar };
    await writeProject("yaml", { ...project, resources: { shop: { ...shop, properties } } });
    const { code, output } = await pulumi("yaml", "up", "--stack", "dev", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toMatch(/app-1: .*"1\.1\.0-/);
    expect(output).toMatch(/Resources:\n +~ 1 updated\n +6 unchanged/);
  });

  test("leave nothing when they are destroyed", async () => {
    const { code, output } = await pulumi("script", "destroy", "--stack", "dev", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toMatch(/Resources:\n +- 7 deleted/);
  });
});
