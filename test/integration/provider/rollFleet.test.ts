import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { rollFleet } from "#provider/rollFleet.ts";
import { releaseId } from "#rollout/release/release.ts";
import { inRepository } from "../../../tools/inRepository.ts";
import { fakeJar } from "../../support/fakeJava.ts";
import { newFleet, versionServed } from "../../support/localDeployment.ts";

test("a fleet is rolled without Pulumi, and tells what it does", async () => {
  const { request, url } = await newFleet();
  const phases = new Set<string>();
  const roll = async (version: string) => {
    const jar = await fakeJar({ version });
    const reporter = ({ host = "fleet", phase }: { host?: string; phase: string }) =>
      void phases.add(`${host} ${phase}`);
    return rollFleet({ ...request, jar, release: releaseId(jar) }, { reporter });
  };
  await roll("1.0.0");
  const { rolled } = await roll("1.1.0");
  expect(rolled.map(({ host }) => host)).toEqual(["app-1", "app-2"]);
  expect(await versionServed(url)).toBe("1.1.0");
  expect([...phases]).toEqual(expect.arrayContaining(["fleet stage", "app-1 drain", "app-2 admit"]));
});

test("a wrong request is rejected, and an abort ends a roll, before anything is touched", async () => {
  const { request, hosts } = await newFleet();
  const jar = await fakeJar({ version: "1.0.0" });
  const asked = { ...request, jar, release: releaseId(jar) };
  await expect(rollFleet({ ...asked, minimumHealthy: 2 })).rejects.toMatchObject({
    property: "minimumHealthy",
  });
  await expect(rollFleet(asked, { signal: AbortSignal.abort() })).rejects.toThrow();
  for (const { directory } of hosts) expect(existsSync(join(directory, "current"))).toBe(false);
});

test("a script that imports the engine loads nothing of Pulumi", async () => {
  const script = `await import("rollgate/rollout");
    const { createRequire } = await import("node:module");
    console.log(Object.keys(createRequire(process.cwd() + "/").cache).filter((file) => file.includes("@pulumi")).length);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: inRepository(),
  });
  expect(stdout.trim()).toBe("0");
});
