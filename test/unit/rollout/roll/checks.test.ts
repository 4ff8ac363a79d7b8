import { expect, test } from "vitest";
import type { RollFailed } from "#rollout/common/errors.ts";
import { nextStepFor } from "#rollout/roll/nextStepFor.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { askedServer, CHECK, fakePrometheus } from "../../../support/askedServers.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const timing = { soakSeconds: 0.2 };

async function failureOf(roll: Promise<unknown>): Promise<RollFailed> {
  return roll.then(
    () => Promise.reject(new Error("the roll did not fail")),
    (error: RollFailed) => error,
  );
}

test("a failed check takes the first host back, where nobody asks about the old release", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD }, "app-2": { runs: OLD } });
  const smoke = await askedServer(() => 500);
  const url = `${smoke.origin}/{{version}}/{{host}}/{{address}}:{{port}}`;
  const policy = { timing, analysisChecks: [{ ...CHECK, url }] };
  const failure = await failureOf(fleet.roll(NEW, { policy }));
  expect(failure.message).toContain(
    `app-1 failed its soak gate on 1.1.0: ${smoke.origin} answered 500, expected 2xx; nginx saw`,
  );
  expect(failure.message).toContain("app-1 is back on 1.0.0; app-2 was not touched");
  expect(failure.evidence.at(-1)).toBe("Full log: /srv/app-1/app.log");
  expect(nextStepFor(failure)).toMatch(/^find out why the release fails this check \(`analysis.checks`\)/);
  const { address, port } = fleet.host("app-1");
  expect(new Set(smoke.urls)).toEqual(new Set([`/1.1.0/app-1/${address}:${port}`]));
});

test("hosts that were rolled before go back without being asked about", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD }, "app-2": { runs: OLD } });
  const prometheus = await fakePrometheus(() => [fleet.host("app-2").running?.release === NEW ? "1" : "0"]);
  const check = { ...CHECK, prometheus: prometheus.origin, query: "{{release}}", max: 0 };
  const failure = await failureOf(fleet.roll(NEW, { policy: { timing, analysisChecks: [check] } }));
  expect(failure.message).toContain("app-2 failed its soak gate on 1.1.0: query 1.1.0 gave 1, at most 0");
  expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD });
  expect(fleet.messages("soak", "app-1")).toEqual(["stayed healthy; query 1.1.0 gave 0", "stayed healthy"]);
});

test("a Prometheus that does not answer is found out before any host is touched, unless that is ignored", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD }, "app-2": { runs: OLD } });
  const prometheus = `http://127.0.0.1:${await freePort("127.0.0.1")}`;
  const check = { ...CHECK, prometheus, query: "up", max: 1, consecutiveErrors: 1 };
  const failure = await failureOf(fleet.roll(NEW, { policy: { timing, analysisChecks: [check] } }));
  expect(failure.message).toMatch(/^up: http:\/\/127.0.0.1:\d+ gave no answer: .*\. No host was touched\.$/);
  expect(nextStepFor(failure)).toMatch(/^make sure that this machine reaches the server of that check/);
  expect(fleet.journal).toEqual([]);
  await fleet.roll(NEW, { policy: { timing, analysisChecks: [{ ...check, onError: "ignore" }] } });
  expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
});
