import { resolve } from "node:path";
import { expect, test } from "vitest";
import { read, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

test("a folder for reports is made absolute, and goes with the name of its stack", async () => {
  const { rollout } = await read({ reports: "some/where" });
  expect(rollout).toMatchObject({ reports: resolve("some/where"), stack: "test" });
  expect((await read({ reports: "/var/lib/reports" })).rollout.reports).toBe("/var/lib/reports");
});

test("off means that no records are kept", async () => {
  const { rollout } = await read({ reports: "off" });
  expect(rollout).not.toHaveProperty("reports");
  expect(rollout).not.toHaveProperty("stack");
});
