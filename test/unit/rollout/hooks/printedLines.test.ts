import { expect, test } from "vitest";
import { redactor } from "#rollout/common/redact.ts";
import { PrintedLines } from "#rollout/hooks/printedLines.ts";

function reading(...pieces: string[]) {
  const printed: string[] = [];
  const lines = new PrintedLines(redactor(["hunter2"]), (line) => printed.push(line));
  for (const piece of pieces) lines.add(piece);
  lines.end();
  return { printed, last: lines.last };
}

test("output arrives in pieces and is printed line by line", () => {
  expect(reading("a", "b\nc", "d\r\n", "\n", "last").printed).toEqual(["ab", "cd", "last"]);
});

test("secrets and control characters are not printed, even if a piece ends in the middle of them", () => {
  expect(reading("password=hun", "ter2\n\u001b[31mred\u001b[0m\n").printed).toEqual([
    "password=[secret]",
    "red",
  ]);
});

test("an endless line needs no memory and is printed in part", () => {
  const { printed } = reading(...Array.from({ length: 100 }, () => "x".repeat(10_000)), "\nnext\n");
  expect(printed).toHaveLength(2);
  expect(printed[0]?.length).toBeLessThan(600);
  expect(printed[1]).toBe("next");
});

test("of too many lines the first are printed, and the last are kept for a message", () => {
  const { printed, last } = reading(Array.from({ length: 2000 }, (_, index) => `line ${index}\n`).join(""));
  expect(printed).toHaveLength(501);
  expect(printed.slice(-2)).toEqual(["line 499", "… 1500 more lines"]);
  expect(last.at(-1)).toBe("line 1999");
  expect(last).toHaveLength(15);
});
