import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { quote } from "#rollout/machine/quote.ts";

test.each([
  "plain",
  "",
  "it's",
  "'",
  "a b\tc\nd",
  '$HOME `id` $(id) \\ \\\\ "x" !! ; & | < > * ? [a] {b} ~ #',
  "--option",
  "ünïcödé",
])("a shell reads %j as one word, as it is", (word) => {
  expect(execFileSync("sh", ["-c", `printf %s ${quote(word)}`]).toString()).toBe(word);
});
