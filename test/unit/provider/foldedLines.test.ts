import { expect, test } from "vitest";
import { folded, unfolded } from "#provider/foldedLines.ts";

const NAMES = Array.from({ length: 60 }, (_, index) => `app-${index + 1}`);
const lines = NAMES.map((name) => `${name}: 1.0.0`);

test("hosts of a large fleet that follow one another and tell the same share a line", () => {
  expect(folded(lines, NAMES)).toEqual(["app-1…app-60: 1.0.0"]);
});

test("the rolling order is kept: hosts that don't serve come first, and are missing in the row of the others", () => {
  const drained = ["app-7: 1.0.0, drained", "app-9: 1.0.0, drained"];
  const others = lines.filter((line) => !/^app-[79]:/.test(line));
  const short = ["app-7, app-9: 1.0.0, drained", "app-1…app-6, app-8, app-10…app-60: 1.0.0"];
  expect(folded([...drained, ...others], NAMES)).toEqual(short);
  expect(unfolded(short, NAMES)).toEqual([...drained, ...others]);
});

test("lines of a fleet that is not large stay as they are, folded or not", () => {
  const few = lines.slice(0, 50);
  expect(folded(few, NAMES)).toEqual(few);
  expect(unfolded(few, [])).toEqual(few);
});

test("a host that left the settings keeps its line, and the others theirs", () => {
  const order = ["gone: 1.0.0", ...lines];
  const short = ["gone, app-1…app-60: 1.0.0"];
  expect(folded(order, NAMES)).toEqual(short);
  expect(unfolded(short, NAMES)).toEqual(order);
});
