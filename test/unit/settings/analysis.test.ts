import { expect, test } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

test("a release is judged by its health alone unless the settings say more", async () => {
  const { rollout } = await read({ analysis: {} });
  expect(rollout).not.toHaveProperty("analysis");
});

test("one entry is enough, the others have defaults", async () => {
  const { rollout } = await read({ analysis: { maxErrorRate: 0.05 } });
  expect(rollout.analysis).toEqual({
    errorRateIncrease: 0.01,
    latencyFactor: 3,
    maxErrorRate: 0.05,
    minimumRequests: 50,
    waitSeconds: 0,
    ignoreSeconds: 3,
  });
});

test.each<[title: string, analysis: unknown, line: string, others?: object]>([
  [
    "a share as a percentage",
    { errorRateIncrease: "1%" },
    'analysis.errorRateIncrease: expected a number from 0 to 1, got "1%"',
  ],
  ["a share above all", { maxErrorRate: 5 }, "analysis.maxErrorRate: expected a number from 0 to 1, got 5"],
  [
    "a factor below one",
    { latencyFactor: 0.5 },
    "analysis.latencyFactor: expected a number from 1 to 1000, got 0.5",
  ],
  ["no least number", { minimumRequests: 0 }, "analysis.minimumRequests: expected 1–1000000, got 0"],
  ["a negative wait", { waitSeconds: -1 }, "analysis.waitSeconds: expected 0–86400, got -1"],
  ["a limit of no time", { maxP99Milliseconds: 0 }, "analysis.maxP99Milliseconds: expected 1–3600000, got 0"],
  ["an unknown key", { p99: 100 }, "analysis.p99: unknown setting"],
  ["a list", [1], "analysis: expected an object, got [1]"],
  [
    "no soak to judge in",
    { latencyFactor: 2 },
    "analysis: expected soakSeconds of at least 1, since a release is judged during its soak, got 0",
    { soakSeconds: 0 },
  ],
])("%s is rejected with one line that names it", async (_, analysis, line, others = {}) => {
  expect(await refusal({ analysis, ...others })).toContain(line);
});
