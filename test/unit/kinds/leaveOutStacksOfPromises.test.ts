import { createRequire } from "node:module";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { leaveOutStacksOfPromises } from "#kinds/leaveOutStacksOfPromises.ts";

const require = createRequire(import.meta.url);
const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable.js");
const { prepareStackTrace } = Error;
/** As a library for source maps does it. */
const translated = vi.fn((error: Error) => `${error}, translated`);

beforeEach(() => {
  translated.mockClear();
  Error.prepareStackTrace = translated;
});

afterEach(() => {
  if (prepareStackTrace) Error.prepareStackTrace = prepareStackTrace;
  else Reflect.deleteProperty(Error, "prepareStackTrace");
  vi.unstubAllEnvs();
});

async function note(): Promise<void> {
  await debuggablePromise(Promise.resolve(), "a promise");
}

test("the stack traces of the SDK's promises are left out, and those of other errors are not", async () => {
  leaveOutStacksOfPromises();
  leaveOutStacksOfPromises();
  await note();
  expect(translated).not.toHaveBeenCalled();
  expect(new Error("a bug").stack).toBe("Error: a bug, translated");
  expect(translated).toHaveBeenCalledOnce();
});

test("whoever looks for promises that never settle gets their stack traces", async () => {
  vi.stubEnv("PULUMI_DEBUG_PROMISE_LEAKS", "true");
  leaveOutStacksOfPromises();
  await note();
  expect(translated).toHaveBeenCalledOnce();
});
