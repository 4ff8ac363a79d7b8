import { expect, test } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

test("a startup cache is off unless the settings want one", async () => {
  expect((await read({})).rollout).not.toHaveProperty("startupCache");
  expect((await read({ startupCache: "off" })).rollout).not.toHaveProperty("startupCache");
  expect((await read({ startupCache: "auto" })).rollout.startupCache).toBe("auto");
});

test("a startup cache that is neither auto nor off is rejected", async () => {
  expect(await refusal({ startupCache: "on" })).toBe(
    'rollgate:startupCache: expected auto or off, got "on". Nothing was changed.',
  );
});
