import { resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

test("a folder for reports is made absolute, and goes with the name of its stack", async () => {
  const { rollout } = await read({ reports: "some/where" });
  expect(rollout).toMatchObject({ reports: resolve("some/where"), stack: "test" });
  expect((await read({ reports: "/var/lib/reports" })).rollout.reports).toBe("/var/lib/reports");
});

test("where reports are served must be a URL, and needs reports", async () => {
  const { rollout } = await read({ reportsUrl: "https://ci.example.com/reports" });
  expect(rollout).toMatchObject({ reportsUrl: "https://ci.example.com/reports" });
  expect(await refusal({ reportsUrl: "/reports" })).toBe(
    "rollgate:reportsUrl: expected a URL that begins with https:// or http://, got something else. Nothing was changed.",
  );
  expect(await refusal({ reportsUrl: "https://ci.example.com", reports: "off" })).toBe(
    "rollgate:reportsUrl: expected nothing while reports is off, got https://ci.example.com. Nothing was changed.",
  );
});

test("the settings that differ from their defaults are known to a roll, but none that may be secret", async () => {
  vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", '["rollgate:tls"]');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { rollout } = await read({
    soakSeconds: 9,
    graceSeconds: 35,
    batch: '[1, "25%"]',
    springProfiles: ["prod"],
    environment: { PASSWORD: "hunter2" },
    notify: [{ url: "https://hooks.example.com/hunter2" }],
    tls: {},
  });
  expect(rollout.settings).toEqual({
    "rollgate:soakSeconds": 9,
    "rollgate:batch": [1, "25%"],
    "rollgate:springProfiles": ["prod"],
  });
});

test("off means that no records are kept", async () => {
  const { rollout } = await read({ reports: "off" });
  expect(rollout).not.toHaveProperty("reports");
  expect(rollout).not.toHaveProperty("stack");
});
