import { expect, test } from "vitest";
import { MarkedText } from "#rollout/machine/markedText.ts";

test("an end in pieces is found, and what follows is left to the next command", () => {
  const text = new MarkedText();
  text.add("one\nfir");
  expect(text.take("first")).toBeUndefined();
  text.add("st:3");
  expect(text.take("first")).toBeUndefined();
  text.add("1\ntwo\nsecond:0\n");
  expect(text.take("first")).toEqual({ code: 31, text: "one" });
  expect(text.take("second")).toEqual({ code: 0, text: "two" });
  expect(text.rest).toBe("");
});

test("the end of a command is found although a lot came after it before anyone looked", () => {
  const text = new MarkedText();
  text.add(`one\nfirst:0\ntwo\nsecond:0\n${"3".repeat(500)}`);
  expect(text.take("first")?.text).toBe("one");
  text.add("33");
  text.add(`\nthird:0\n${"4".repeat(500)}`);
  expect(text.take("second")?.text).toBe("two");
  expect(text.take("third")?.text).toBe("3".repeat(502));
});
