import { expect, test } from "vitest";
import { flagSum } from "#rollout/nginx/flagSum.ts";

test("flags have the same sum in any order, and other flags have another one", () => {
  expect(flagSum(["app-2", "app-10", "_standby"])).toBe(flagSum(["_standby", "app-10", "app-2"]));
  const sums = [[], ["app-1"], ["app-2"], ["app-1", "app-2"], ["app-12"], ["app-1_b"]].map(flagSum);
  expect(new Set(sums).size).toBe(sums.length);
});
