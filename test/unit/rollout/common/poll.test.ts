import { expect, test } from "vitest";
import { poll } from "#rollout/common/poll.ts";

/** Attempts that answer one value after the other, the last one for ever. */
function attempts<T>(...answers: (T | undefined)[]) {
  const made = { count: 0, attempt: async () => answers[Math.min(made.count++, answers.length - 1)] };
  return made;
}

test("the first answer ends it", async () => {
  const made = attempts(undefined, undefined, "yes");
  expect(await poll(made.attempt, { intervalMilliseconds: 1, deadlineMilliseconds: 5000 })).toBe("yes");
  expect(made.count).toBe(3);
});

test("an answer may be false, zero or null", async () => {
  const options = { intervalMilliseconds: 1, deadlineMilliseconds: 5000 };
  expect(await poll(attempts(undefined, false).attempt, options)).toBe(false);
  expect(await poll(attempts(undefined, 0).attempt, options)).toBe(0);
  expect(await poll(attempts(undefined, null).attempt, options)).toBe(null);
});

test("it tries once even if there is no time at all", async () => {
  const made = attempts("yes");
  expect(await poll(made.attempt, { intervalMilliseconds: 100, deadlineMilliseconds: 0 })).toBe("yes");
});

test("without an answer it stops at the deadline", async () => {
  const made = attempts<string>(undefined);
  const began = performance.now();
  expect(await poll(made.attempt, { intervalMilliseconds: 10, deadlineMilliseconds: 60 })).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(5000);
  expect(made.count).toBeGreaterThan(1);
});

test("no attempt starts after the deadline", async () => {
  const made = attempts<string>(undefined);
  const began = performance.now();
  await poll(made.attempt, { intervalMilliseconds: 10_000, deadlineMilliseconds: 50 });
  expect(made.count).toBe(1);
  expect(performance.now() - began).toBeLessThan(5000);
});

test("an attempt that throws ends it", async () => {
  const failing = async () => {
    throw new Error("no");
  };
  await expect(poll(failing, { intervalMilliseconds: 1, deadlineMilliseconds: 5000 })).rejects.toThrow("no");
});

test("a signal ends it between two attempts", async () => {
  const controller = new AbortController();
  const made = attempts<string>(undefined);
  const options = { intervalMilliseconds: 10_000, deadlineMilliseconds: 60_000, signal: controller.signal };
  setTimeout(() => controller.abort(), 20);
  await expect(poll(made.attempt, options)).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  expect(made.count).toBe(1);
});

test("a signal that is raised already lets no attempt start", async () => {
  const made = attempts("yes");
  const options = { intervalMilliseconds: 1, deadlineMilliseconds: 5000, signal: AbortSignal.abort() };
  await expect(poll(made.attempt, options)).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  expect(made.count).toBe(0);
});
