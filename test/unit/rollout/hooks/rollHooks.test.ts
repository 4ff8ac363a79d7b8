import { expect, test } from "vitest";
import { redactor } from "#rollout/common/redact.ts";
import { RollHooks } from "#rollout/hooks/rollHooks.ts";
import type { Hook, Hooks } from "#rollout/request/hooks.ts";
import { HostRollFailed } from "#rollout/roll/hostRollFailed.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

/** Prints a variable each. */
const PRINT =
  'for name in STACK RELEASE RELEASE_FROM HOST HOOK PHASE FAILURE URL; do eval echo "$name=\\$ROLLGATE_$name"; done';

const here = (command: Hook["command"], deadlineSeconds = 20) =>
  ({ command, where: "deployer", deadlineSeconds }) as const;
const onHost = (command: Hook["command"]) => ({ command, where: "first-host", deadlineSeconds: 20 }) as const;

async function hooksOf(hooks: Hooks) {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0" }, "app-2": { runs: "1.0.0" } });
  const reports: string[] = [];
  const warnings: string[] = [];
  const runner = new RollHooks(
    { stack: "prod", desired: { release: "1.1.0" }, hooks },
    {
      proxy: fleet.proxy,
      redact: redactor(["hunter2"]),
      report: (phase, message, host) => reports.push(`${host?.name ?? "fleet"} ${phase} ${message}`),
      warn: (message) => void warnings.push(message),
    },
  );
  return { fleet, reports, warnings, runner, first: fleet.host("app-1") };
}

test("a hook is told about the roll, and its output is in the roll's", async () => {
  const { runner, reports, first } = await hooksOf({ beforeRoll: [here(PRINT)] });
  expect(await runner.beforeRoll(first, "1.0.0")).toBe(true);
  expect(reports.slice(0, -1)).toEqual([
    expect.stringMatching(/^fleet hook beforeRoll: for name in STACK .{20,}…$/),
    "fleet hook | STACK=prod",
    "fleet hook | RELEASE=1.1.0",
    "fleet hook | RELEASE_FROM=1.0.0",
    "fleet hook | HOST=",
    "fleet hook | HOOK=beforeRoll",
    "fleet hook | PHASE=",
    "fleet hook | FAILURE=",
    "fleet hook | URL=http://proxy",
  ]);
  expect(reports.at(-1)).toMatch(/^fleet hook beforeRoll: done in \d+(\.\d)? s$/);
});

test("beforeRoll runs once, and nothing runs if there is none", async () => {
  const { runner, first } = await hooksOf({ beforeRoll: [here("true")] });
  expect(await runner.beforeRoll(first, "")).toBe(true);
  expect(await runner.beforeRoll(first, "")).toBe(false);
  const without = await hooksOf({});
  expect(await without.runner.beforeRoll(first, "")).toBe(false);
  expect(without.reports).toEqual([]);
});

test("hooks of one moment run in order, and none after one that failed", async () => {
  const { runner, reports, first } = await hooksOf({
    beforeRoll: [here("echo one"), here(["sh", "-c", "echo two; echo why >&2; exit 3"]), here("echo three")],
  });
  await expect(runner.beforeRoll(first, "")).rejects.toMatchObject({
    code: "hook-failed",
    message: 'the beforeRoll hook "sh -c echo two; echo why >&2; exit 3" failed with exit code 3: why',
    evidence: ["two", "why"],
  });
  expect(reports.filter((line) => line.includes("|"))).toEqual([
    "fleet hook | one",
    "fleet hook | two",
    "fleet hook | why",
  ]);
});

test("a hook that takes too long is ended and says so", async () => {
  const { runner, first } = await hooksOf({ beforeRoll: [here("echo begun; sleep 60", 0.3)] });
  await expect(runner.beforeRoll(first, "")).rejects.toThrow(
    'the beforeRoll hook "echo begun; sleep 60" was ended after 0.3 s (deadlineSeconds): begun',
  );
});

test("a hook with where: first-host runs on the first host of the roll", async () => {
  const { runner, fleet, reports, first } = await hooksOf({
    beforeRoll: [here("echo here"), onHost("migrate")],
    afterRoll: [onHost("tidy")],
  });
  await runner.beforeRoll(first, "1.0.0");
  expect(fleet.journal).toEqual(["run migrate on app-1"]);
  expect(reports).toContain("app-1 hook | migrate runs");
  await runner.afterRoll();
  expect(fleet.journal).toEqual(["run migrate on app-1", "run tidy on app-1"]);
  first.tasksEnd = 4;
  const again = await hooksOf({ beforeRoll: [onHost("migrate")] });
  await expect(again.runner.beforeRoll(first, "1.0.0")).rejects.toThrow(
    'the beforeRoll hook "migrate" failed with exit code 4: migrate runs',
  );
});

test("beforeHost that fails says that its host was not touched", async () => {
  const { runner, first } = await hooksOf({ beforeHost: [here("exit 1")] });
  const failure = await runner.beforeHost(first, "1.0.0").catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(HostRollFailed);
  expect(failure).toMatchObject({
    hosts: ["app-1"],
    message: 'app-1 was not touched: the beforeHost hook "exit 1" failed with exit code 1',
  });
});

test("hooks of a host are told which", async () => {
  const { runner, reports, first } = await hooksOf({
    beforeHost: [here("echo $ROLLGATE_HOOK $ROLLGATE_HOST")],
    afterHost: [here("echo $ROLLGATE_HOOK $ROLLGATE_HOST")],
  });
  expect(await runner.beforeHost(first, "")).toBe(true);
  await runner.afterHost(first, "");
  expect(reports.filter((line) => line.includes("|"))).toEqual([
    "app-1 hook | beforeHost app-1",
    "app-1 hook | afterHost app-1",
  ]);
});

test("afterRoll that fails is a warning, and runs only after a roll that touched something", async () => {
  const { runner, warnings, first } = await hooksOf({ afterRoll: [here("exit 2")] });
  await runner.afterRoll();
  expect(warnings).toEqual([]);
  await runner.beforeRoll(first, "");
  await runner.afterRoll();
  expect(warnings).toEqual(['the afterRoll hook "exit 2" failed with exit code 2; the release is in place']);
});

test("onFailure is told what failed and where, without secrets, and never fails itself", async () => {
  const { runner, reports } = await hooksOf({
    onFailure: [here('echo "$ROLLGATE_HOST $ROLLGATE_PHASE $ROLLGATE_FAILURE"; exit 5')],
  });
  const cause = new HostRollFailed({
    host: "app-2",
    phase: "health",
    what: "app-2 failed with hunter2",
    cause: undefined,
  });
  await runner.onFailure(new Error("the roll failed: app-2 said hunter2", { cause }));
  expect(reports.slice(1)).toEqual([
    "fleet hook | app-2 health the roll failed: app-2 said [secret]",
    expect.stringMatching(/^fleet hook the onFailure hook ".*" failed with exit code 5: app-2 health /),
  ]);
});
