import { expect, test } from "vitest";
import { once } from "#rollout/common/once.ts";

test("an answer is kept, a failure is not", async () => {
  let asked = 0;
  const ask = once(async () => {
    asked++;
    if (asked === 1) throw new Error("not yet");
    return asked;
  });
  await expect(ask()).rejects.toThrow("not yet");
  expect(await Promise.all([ask(), ask()])).toEqual([2, 2]);
  expect(await ask()).toBe(2);
});
