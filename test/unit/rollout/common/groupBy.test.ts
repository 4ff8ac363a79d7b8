import { expect, test } from "vitest";
import { groupBy } from "#rollout/common/groupBy.ts";

test("groups have their items, and appear, in the order of the items", () => {
  const groups = groupBy(["bb", "a", "cc", "d"], (word) => word.length);
  expect([...groups]).toEqual([
    [2, ["bb", "cc"]],
    [1, ["a", "d"]],
  ]);
});
