import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Limit } from "#rollout/ssh/limit.ts";

test("only so many run at once, in their order, and all of them run", async () => {
  const limit = new Limit(2);
  const [began, most] = [[] as number[], { now: 0, ever: 0 }];
  const work = async (index: number) => {
    began.push(index);
    most.ever = Math.max(most.ever, ++most.now);
    await sleep(5);
    most.now--;
    return index;
  };
  expect(await Promise.all([0, 1, 2, 3, 4].map((index) => limit.run(() => work(index))))).toEqual([
    0, 1, 2, 3, 4,
  ]);
  expect(began).toEqual([0, 1, 2, 3, 4]);
  expect(most.ever).toBe(2);
});

test("one that fails makes room for the next", async () => {
  const limit = new Limit(1);
  const failing = limit.run(async () => {
    throw new Error("no");
  });
  const next = limit.run(async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
});
