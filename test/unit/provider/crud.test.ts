import { expect, test } from "vitest";
import { hasUnknown, ownInputs, providerOf } from "#provider/crud.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

test.each([UNKNOWN, { a: UNKNOWN }, { a: [{ b: UNKNOWN }] }])(
  "an output that is not known yet is recognised: %j",
  (inputs) => {
    expect(hasUnknown(inputs)).toBe(true);
  },
);

test.each([{}, { a: [{ b: "x" }], c: null, d: undefined }, "x", null, 5])(
  "known values are recognised as known: %j",
  (inputs) => {
    expect(hasUnknown(inputs)).toBe(false);
  },
);

test("Pulumi's own keys are separated from those of a resource", () => {
  const inputs = { __provider: "code", __defaults: [], name: "app-1" };
  expect(ownInputs(inputs)).toEqual({ name: "app-1" });
  expect(providerOf(inputs)).toEqual({ __provider: "code" });
});
