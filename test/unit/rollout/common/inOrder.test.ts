import { expect, test } from "vitest";
import { inOrder } from "#rollout/common/inOrder.ts";

test("what fails first in the order is thrown, once all have ended", async () => {
  let hasEnded = false;
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    hasEnded = true;
    throw new Error("slow");
  };
  await expect(inOrder(slow(), Promise.reject(new Error("quick")))).rejects.toThrow("slow");
  expect(hasEnded).toBe(true);
});

test("what all return is returned in the same order", async () => {
  expect(await inOrder(Promise.resolve(1), "two", undefined)).toEqual([1, "two", undefined]);
});
