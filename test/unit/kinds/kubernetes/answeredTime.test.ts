import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AnsweredTime } from "#kinds/kubernetes/answeredTime.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

test("the time in which nobody answers does not count, nor a moment for what has happened meanwhile", () => {
  const time = new AnsweredTime();
  const began = time.now();
  const counted = () => (time.now() - began) / 1000;
  pass(10);
  time.heard();
  pass(5);
  expect(counted()).toBe(15);
  time.missed();
  expect([counted(), time.isSilent]).toEqual([10, true]);
  pass(95);
  time.heard();
  expect([counted(), time.isSilent, time.isStill]).toEqual([10, false, true]);
  pass(29);
  expect(counted()).toBe(10);
  pass(2);
  expect([counted(), time.isStill]).toEqual([11, false]);
});

test("a short silence takes a short moment, and one after another count alike", () => {
  const time = new AnsweredTime();
  const began = time.now();
  for (let turn = 0; turn < 2; turn++) {
    time.missed();
    pass(1);
    time.heard();
    pass(0.5);
  }
  expect(time.now() - began).toBe(0);
  pass(2);
  expect(time.now() - began).toBe(1_000);
});
