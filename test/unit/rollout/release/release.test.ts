import { expect, test } from "vitest";
import { releaseId } from "#rollout/release/release.ts";

test("a release is named after its version and the beginning of its hash", () => {
  expect(releaseId({ version: "1.1.0", sha256: `3fa9c1d2e4b5${"0".repeat(52)}` })).toBe("1.1.0-3fa9c1d2e4b5");
});
