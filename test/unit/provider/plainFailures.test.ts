import { expect, test } from "vitest";
import { isToldTwice } from "#provider/plainFailures.ts";
import { InvalidInput, RollgateError } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";

/** The words of Pulumi's provider process, `@pulumi/pulumi/cmd/dynamic-provider`. */
const printed = (error: Error) => `${error}: ${error.stack}`;

test.each([
  new MachineUnreachable("server-2 cannot be reached: timed out"),
  new RollgateError("code", "two: colons: in it"),
  new RollgateError("code", "two\nlines"),
  new InvalidInput("hosts[0].server", "expected a server"),
  new Error("connect ECONNREFUSED /run/docker.sock"),
])("a failure is left to Pulumi's engine, which prints its message: %s", (error) => {
  expect(isToldTwice(printed(error))).toBe(true);
});

test.each([new TypeError("x is not a function"), new RangeError("Invalid string length")])(
  "a bug is printed with its stack: %s",
  (error) => {
    expect(isToldTwice(printed(error))).toBe(false);
  },
);

test.each([new Error("nobody caught this").stack, "a line of the rollout", "two: two", undefined])(
  "everything else is printed: %j",
  (words) => {
    expect(isToldTwice(words)).toBe(false);
  },
);
