import { expect, test } from "vitest";
import { unknownSetting } from "#rollout/common/unknownSetting.ts";

const KNOWN = ["soakSeconds", "settleSeconds", "nginxPort", "java", "jar"];

test.each([
  ["soakSecond", "soakSeconds"],
  ["nginxport", "nginxPort"],
  ["nginx_port", "nginxPort"],
  ["jarr", "jar"],
])("%s is meant to be %s", (given, meant) => {
  expect(unknownSetting(given, KNOWN)).toBe(`unknown setting (did you mean ${meant}?)`);
});

test.each(["warmUp", "port", "x"])("%s is meant to be none of them", (given) => {
  expect(unknownSetting(given, KNOWN)).toBe("unknown setting");
});

test("where there is none, none is meant", () => {
  expect(unknownSetting("jar", [])).toBe("unknown setting");
});
