import { expect, test } from "vitest";
import { formatReport } from "#rollout/roll/reporter.ts";

test("a report is one line with its time, host and phase in columns", () => {
  expect(
    formatReport({ host: "app-1", phase: "start", message: "1.1.0-3fa9c1d2e4b5", elapsedSeconds: 3.21 }),
  ).toBe("[  3.2 s] app-1    start     1.1.0-3fa9c1d2e4b5");
});

test("the output of a server or an application cannot control the terminal", () => {
  expect(
    formatReport({ phase: "wait", message: "for app-1 (\u001b[2Junreachable\r)", elapsedSeconds: 1 }),
  ).toBe("[  1.0 s] fleet    wait      for app-1 (unreachable)");
});

test("a report without a host concerns the fleet", () => {
  expect(formatReport({ phase: "preflight", message: "ready", elapsedSeconds: 100 })).toBe(
    "[100.0 s] fleet    preflight ready",
  );
});
