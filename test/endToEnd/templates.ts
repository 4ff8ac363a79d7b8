import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import { fakeEngine } from "../support/fakeEngine.ts";
import type { ExamplePrograms } from "./examplePrograms.ts";

const KINDS = ["local", "docker", "ssh"];

/** The templates, as `pulumi new` makes programs of them. */
export function testTemplates(given: () => ExamplePrograms): void {
  describe("a program made by pulumi new", () => {
    const pulumi = async (...args: readonly string[]) => {
      const { code, output } = await given().pulumi("new-local", ...args, "--stack", "dev");
      expect(code, output).toBe(0);
      return output;
    };

    beforeAll(async () => {
      for (const kind of KINDS) await given().generate(kind);
    }, 60_000);

    afterAll(async () => void (await pulumi("destroy", "--yes", "--skip-preview")), 120_000);

    test("is right by the types of what is packed, and named as its user wants", async () => {
      await given().typeCheck(KINDS.map((kind) => `new-${kind}`));
      for (const kind of KINDS)
        for (const file of ["Pulumi.yaml", "package.json"])
          expect(await readFile(join(given().directory, `new-${kind}`, file), "utf8")).toMatch(
            /name"?: "?my-app/,
          );
    });

    test("deploys on this machine, and has nothing to do in a second preview", async () => {
      const { directory } = given();
      const file = join(directory, "new-local", "index.ts");
      const program = await readFile(file, "utf8");
      const java = JSON.stringify(await writeFakeJava(directory));
      await writeFile(
        file,
        program
          .replace("8081", String(await freePort()))
          .replace("8082", String(await freePort()))
          .replace('kind: "local",', `kind: "local", soakSeconds: 0, java: ${java},`),
      );
      await pulumi("stack", "init");
      await pulumi("config", "set", "jar", (await writeFakeJar({ version: "1.0.0" }, directory)).path);
      await pulumi("config", "set", "port", String(await freePort()));
      expect(await pulumi("up", "--yes", "--skip-preview")).toMatch(/app-2: "1\.0\.0-/);
      await pulumi("preview", "--expect-no-changes");
    });

    test("declares containers on the engine of its configuration, and servers with the addresses in it", async () => {
      const { url } = await fakeEngine();
      const [jar, servers] = [given().jar, { app1: "10.0.0.11", app2: "10.0.0.12", web: "10.0.0.10" }];
      const declare = (kind: string, settings: Readonly<Record<string, string>>) => {
        const config = Object.entries(settings).map(([key, value]) => [`my-app:${key}`, value]);
        const run = { project: "my-app", config: Object.fromEntries(config), outputs: {}, answers: {} };
        return given().declare(`new-${kind}`, run);
      };
      const onEngine = await declare("docker", { jar, engine: url, port: "8080" });
      const onServers = await declare("ssh", { jar, account: "deploy", setUpAs: "root", ...servers });
      const places = (resources: typeof onEngine) =>
        resources.find(({ name }) => name === "app-rollout")?.inputs.hosts;
      expect(places(onEngine)).toMatchObject([{ engine: url }, { engine: url }]);
      expect(places(onServers)).toMatchObject([
        { server: "deploy@10.0.0.11", address: "10.0.0.11" },
        { server: "deploy@10.0.0.12", address: "10.0.0.12" },
      ]);
    });
  });
}
