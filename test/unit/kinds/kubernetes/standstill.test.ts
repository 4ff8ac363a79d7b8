import { afterEach, expect, test, vi } from "vitest";
import { Standstill } from "#kinds/kubernetes/standstill.ts";
import { LIMITS } from "../../../support/analysisLimits.ts";
import { validRequest } from "../../../support/rollRequest.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("a pod may take its deadline, its soak and the wait for requests, one after the other", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const health = { ...validRequest().health, deadlineSeconds: 60 };
  const standstill = new Standstill({ health, analysis: { ...LIMITS, waitSeconds: 100 } }, 30, performance);
  const refuse = (state: string) => standstill.refuse(state, "a quota");
  refuse("0 of 3");
  vi.advanceTimersByTime(249_000);
  refuse("0 of 3");
  refuse("1 of 3");
  vi.advanceTimersByTime(249_000);
  refuse("1 of 3");
  vi.advanceTimersByTime(1_000);
  expect(() => refuse("1 of 3")).toThrow("nothing has moved for 250 s: a quota");
});
