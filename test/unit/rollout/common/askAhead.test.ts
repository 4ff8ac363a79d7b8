import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { askAhead } from "#rollout/common/askAhead.ts";

const OFTEN = { intervalMilliseconds: 20, deadlineMilliseconds: 5_000 };

/** Questions whose answers take so long, and how many were on their way at once. */
function questions(...milliseconds: readonly number[]) {
  const made = { count: 0, open: 0, most: 0, ask };
  async function ask(): Promise<number> {
    const index = made.count++;
    made.most = Math.max(made.most, ++made.open);
    await sleep(milliseconds[Math.min(index, milliseconds.length - 1)] ?? 0);
    made.open--;
    return index;
  }
  return made;
}

/** Judges answers until that one. */
function until(last: number, judged: number[]) {
  return (index: number) => {
    judged.push(index);
    return index === last || undefined;
  };
}

test("the next question doesn't wait for an answer that is long on its way, but few are", async () => {
  const made = questions(150);
  const judged: number[] = [];
  const began = performance.now();
  const end = await askAhead(made.ask, until(1, judged), OFTEN);
  expect(end).toBe(true);
  expect(judged).toEqual([0, 1]);
  expect(performance.now() - began).toBeLessThan(290);
  expect(made.most).toBe(2);
});

test("answers are judged in the order of the questions", async () => {
  const made = questions(200, 1, 1);
  const judged: number[] = [];
  await askAhead(made.ask, until(2, judged), OFTEN);
  expect(judged).toEqual([0, 1, 2]);
});

test("the first answer that decides ends it, and no question follows", async () => {
  const made = questions(0);
  expect(await askAhead(made.ask, (index) => index, OFTEN)).toBe(0);
  await sleep(60);
  expect(made.count).toBe(1);
});

test("what was asked before the deadline is judged after it", async () => {
  const judged: number[] = [];
  const options = { intervalMilliseconds: 1_000, deadlineMilliseconds: 20 };
  const end = await askAhead(questions(100).ask, (index) => void judged.push(index), options);
  expect(end).toBeUndefined();
  expect(judged).toEqual([0]);
});

test("what a question or its judge throws ends it", async () => {
  const failed = () => Promise.reject(new Error("no answer"));
  await expect(askAhead(failed, () => true, OFTEN)).rejects.toThrow("no answer");
  const judge = () => {
    throw new Error("exited");
  };
  await expect(askAhead(async () => 1, judge, OFTEN)).rejects.toThrow("exited");
});

test("an aborted signal ends it between two questions, with its own reason", async () => {
  const signal = AbortSignal.timeout(50);
  const asking = askAhead(
    async () => 1,
    () => undefined,
    { ...OFTEN, intervalMilliseconds: 10_000, deadlineMilliseconds: 60_000, signal },
  );
  await expect(asking).rejects.toThrow();
  expect(signal.aborted).toBe(true);
});

test("the next question comes before its time if something says so, but not while an answer is awaited", async () => {
  const made = questions(30);
  const judged: number[] = [];
  let open = -1;
  const sooner = async () => {
    open = Math.max(open, made.open);
    await sleep(10);
  };
  const began = performance.now();
  await askAhead(made.ask, until(3, judged), { ...OFTEN, intervalMilliseconds: 2_000, sooner });
  expect(judged).toEqual([0, 1, 2, 3]);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect([open, made.most]).toEqual([0, 1]);
});

test("the next question comes in time if nothing brings it forward, and then nobody looks for that any more", async () => {
  const looks: AbortSignal[] = [];
  const sooner = (ending: AbortSignal) => {
    looks.push(ending);
    return new Promise<void>(() => {});
  };
  const made = questions(0);
  await askAhead(made.ask, until(2, []), { ...OFTEN, sooner });
  expect(made.count).toBe(3);
  expect(looks.map(({ aborted }) => aborted)).toEqual([true, true]);
});
