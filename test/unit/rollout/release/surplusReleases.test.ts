import { expect, test } from "vitest";
import { surplusReleases } from "#rollout/release/surplusReleases.ts";

const lastRunFirst = ["5", "4", "3", "2", "1"];

test("the ones that ran longest ago are surplus", () => {
  expect(surplusReleases(lastRunFirst, 3, [])).toEqual(["2", "1"]);
});

test("none is surplus if there are not too many", () => {
  expect(surplusReleases(lastRunFirst, 5, [])).toEqual([]);
  expect(surplusReleases([], 2, ["1"])).toEqual([]);
});

test("a spared one counts, and takes the place of a more recent one", () => {
  expect(surplusReleases(lastRunFirst, 3, ["1"])).toEqual(["3", "2"]);
  expect(surplusReleases(lastRunFirst, 3, ["1", "1", "1"])).toEqual(["3", "2"]);
});

test("all spared ones stay, even if there are too many", () => {
  expect(surplusReleases(lastRunFirst, 2, ["1", "2", "3"])).toEqual(["5", "4"]);
});

test("a spared one that is missing still takes a place, since it is on its way", () => {
  expect(surplusReleases(["2", "1"], 2, ["3"])).toEqual(["1"]);
});
