import { expect, test } from "vitest";
import { surplusReleases } from "#rollout/release/surplusReleases.ts";

const lastRunFirst = ["5", "4", "3", "2", "1"];

test("those that ran longest ago are over", () => {
  expect(surplusReleases(lastRunFirst, 3, [])).toEqual(["2", "1"]);
});

test("none is over when there are not too many", () => {
  expect(surplusReleases(lastRunFirst, 5, [])).toEqual([]);
  expect(surplusReleases([], 2, ["1"])).toEqual([]);
});

test("a spared one is counted, and takes the place of a younger one", () => {
  expect(surplusReleases(lastRunFirst, 3, ["1"])).toEqual(["3", "2"]);
  expect(surplusReleases(lastRunFirst, 3, ["1", "1", "1"])).toEqual(["3", "2"]);
});

test("all spared ones stay, even when they are more than should", () => {
  expect(surplusReleases(lastRunFirst, 2, ["1", "2", "3"])).toEqual(["5", "4"]);
});

test("a spared one that is not there takes a place all the same: it is on its way", () => {
  expect(surplusReleases(["2", "1"], 2, ["3"])).toEqual(["1"]);
});
