import { expect, test } from "vitest";
import { plainLine } from "#rollout/common/plainLine.ts";

test("a plain line stays as it is", () => {
  expect(plainLine("2026-01-01 ERROR größer als \u{1f680} erwartet")).toBe(
    "2026-01-01 ERROR größer als \u{1f680} erwartet",
  );
});

test.each([
  ["colours", "\u001b[1;31mERROR\u001b[0m no", "ERROR no"],
  ["a title of the window", "\u001b]0;owned\u0007ERROR", "ERROR"],
  ["a cleared screen and a moved cursor", "\u001b[2J\u001b[1;1HERROR", "ERROR"],
  ["a line that would overwrite itself", "ERROR\rall is well\b\b", "ERRORall is well"],
  ["a direction that hides", "ERROR \u202egnp.exe\u2066", "ERROR gnp.exe"],
  ["tabs and a blank end", "\tat Main \u0000 ", "    at Main"],
])("%s cannot change what a terminal shows", (_, line, expected) => {
  expect(plainLine(line)).toBe(expected);
});

test("an endless line is cut, with its length", () => {
  expect(plainLine("x".repeat(5_000_000))).toBe(`${"x".repeat(500)}… (5000000 characters)`);
});
