import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import type { ExamplePrograms } from "./examplePrograms.ts";

/** The example program that rolls by itself, through Pulumi's Automation API. */
export function testAutomation(given: () => ExamplePrograms): void {
  describe("a program that rolls", () => {
    const jars = { good: "", next: "", broken: "" };
    const roll = (...args: readonly string[]) => given().run("automation", "roll.ts", ...args);
    const both = (release: string) => ({
      "app-1": expect.stringMatching(release),
      "app-2": expect.stringMatching(release),
    });

    beforeAll(async () => {
      const { directory } = given();
      jars.good = (await writeFakeJar({ version: "1.0.0" }, directory)).path;
      jars.next = (await writeFakeJar({ version: "1.1.0" }, directory)).path;
      jars.broken = (await writeFakeJar({ version: "1.2.0", exits: 1 }, directory)).path;
      const [nginxPort, ...ports] = await Promise.all(Array.from({ length: 5 }, freePort));
      const settings = {
        nginxPort,
        hosts: [1, 2].map((number) => ({
          name: `app-${number}`,
          port: ports[number - 1],
          secondPort: ports[number + 1],
        })),
        java: await writeFakeJava(directory),
        soakSeconds: 0,
      };
      const config = Object.entries(settings).map(([key, value]) => [`shop:${key}`, value]);
      const file = join(directory, "automation", "Pulumi.prod.yaml");
      await writeFile(file, stringify({ config: Object.fromEntries(config) }));
    });

    afterAll(
      async () => given().pulumi("automation", "destroy", "--yes", "--skip-preview", "--stack", "prod"),
      120_000,
    );

    test("deploys, and reads from the outputs what came of it", async () => {
      const { code, said } = await roll(jars.good);
      expect(said).toMatchObject({
        outcome: "succeeded",
        releases: both("^1.0.0-"),
        durationSeconds: expect.any(Number),
        ledger: { lost: 0 },
        report: expect.stringMatching(/\.html$/),
      });
      expect(code).toBe(0);
    });

    test("previews how much would change, and changes nothing", async () => {
      const { code, said } = await roll(jars.next, "--preview");
      expect(said).toEqual({ outcome: "previewed", changes: { same: 7, update: 1 } });
      expect(code).toBe(0);
    });

    test("reads from the events why a roll failed, what each host runs, and where the report is", async () => {
      const { code, said } = await roll(jars.broken);
      expect(said).toMatchObject({
        outcome: "failed",
        errors: expect.arrayContaining([expect.stringContaining("app-1 failed its health gate on 1.2.0-")]),
        releases: both("^1.0.0-"),
      });
      expect(code).toBe(1);
      const report = await readFile(Object(said).report.replace(/html$/, "json"), "utf8");
      expect(JSON.parse(report)).toMatchObject({
        outcome: "failed",
        failure: { message: expect.stringContaining("Now: app-1 1.0.0-") },
      });
    });

    test("knows a wrong setting, with which nothing was changed, from a failed roll", async () => {
      const { code, said } = await roll("not-there.jar");
      expect(said).toEqual({
        outcome: "failed",
        errors: [
          `shop:jar: expected a jar, found no file: ${join(given().directory, "not-there.jar")}. Nothing was changed.`,
        ],
      });
      expect(code).toBe(1);
    });

    test("knows that somebody else updates the stack, so that it can try again later", async () => {
      const lock = join(given().directory, "state/.pulumi/locks/organization/shop/prod/other.json");
      await mkdir(dirname(lock), { recursive: true });
      await writeFile(
        lock,
        JSON.stringify({ pid: 1, username: "ann", hostname: "build-1", timestamp: new Date() }),
      );
      const { code, said } = await roll(jars.next);
      await rm(lock);
      expect(said).toMatchObject({
        outcome: "busy",
        errors: [expect.stringContaining("created by ann@build-1")],
      });
      expect(code).toBe(75);
    });
  });
}
