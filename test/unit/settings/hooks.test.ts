import { describe, expect, test } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

test("without a warm-up and hooks, a roll has none", async () => {
  const { rollout } = await read({ warmUp: {}, hooks: {} });
  expect(rollout).not.toHaveProperty("warmUp");
  expect(rollout).not.toHaveProperty("hooks");
});

test("a warm-up needs only its paths", async () => {
  const { rollout } = await read({ warmUp: { paths: ["/", "/orders?page=1"] } });
  expect(rollout.warmUp).toEqual({ paths: ["/", "/orders?page=1"], requests: 200, seconds: 10 });
  const other = await read({ warmUp: { paths: ["/"], requests: 5, seconds: 2 } });
  expect(other.rollout.warmUp).toEqual({ paths: ["/"], requests: 5, seconds: 2 });
});

test("a hook needs only its command, and there may be several at one moment", async () => {
  const { rollout } = await read({
    hooks: {
      beforeRoll: [
        { command: "./announce.sh" },
        { command: ["java", "-version", 7], where: "first-host", deadlineSeconds: 60 },
      ],
      onFailure: { command: "./page.sh" },
    },
  });
  expect(rollout.stack).toBe("test");
  expect(rollout.hooks).toEqual({
    beforeRoll: [
      { command: "./announce.sh", where: "deployer", deadlineSeconds: 300 },
      { command: ["java", "-version", "7"], where: "first-host", deadlineSeconds: 60 },
    ],
    onFailure: [{ command: "./page.sh", where: "deployer", deadlineSeconds: 300 }],
  });
});

describe("a wrong setting is rejected with one line that names it", () => {
  const command = "./hook.sh";
  const noCommand = "expected a command, as a string for the shell or a list of words";

  test.each<[title: string, settings: Record<string, unknown>, line: string]>([
    [
      "a warm-up without paths",
      { warmUp: { requests: 5 } },
      "warmUp.paths: expected a list of paths, got nothing",
    ],
    [
      "an empty list of paths",
      { warmUp: { paths: [] } },
      "warmUp.paths: expected at least one path, got none",
    ],
    [
      "a path that is none",
      { warmUp: { paths: ["/", "http://app-1/"] } },
      'warmUp.paths[1]: expected a path such as /orders?page=1, got "http://app-1/"',
    ],
    ["no requests", { warmUp: { paths: ["/"], requests: 0 } }, "warmUp.requests: expected 1–100000, got 0"],
    [
      "a warm-up without an end",
      { warmUp: { paths: ["/"], seconds: 601 } },
      "warmUp.seconds: expected 1–600, got 601",
    ],
    ["a warm-up as a list", { warmUp: ["/"] }, 'warmUp: expected an object, got ["/"]'],
    ["an unknown key of a warm-up", { warmUp: { paths: ["/"], path: "/" } }, "warmUp.path: unknown setting"],
    ["an unknown moment", { hooks: { beforeStop: { command } } }, "hooks.beforeStop: unknown setting"],
    [
      "a hook without a command",
      { hooks: { afterRoll: {} } },
      `hooks.afterRoll[0].command: ${noCommand}, got nothing`,
    ],
    [
      "an empty command",
      { hooks: { afterRoll: { command: " " } } },
      `hooks.afterRoll[0].command: ${noCommand}, got " "`,
    ],
    [
      "a command without words",
      { hooks: { afterRoll: { command: [] } } },
      `hooks.afterRoll[0].command: ${noCommand}, got []`,
    ],
    [
      "a word that is an object",
      { hooks: { afterRoll: { command: ["a", {}] } } },
      "hooks.afterRoll[0].command[1]: expected a string, got an object",
    ],
    [
      "a host for a hook that runs on the deployer only",
      { hooks: { afterHost: [{ command }, { command, where: "first-host" }] } },
      'hooks.afterHost[1].where: expected deployer, since only beforeRoll and afterRoll can run on a host, got "first-host"',
    ],
    [
      "an unknown place",
      { hooks: { beforeRoll: { command, where: "app-1" } } },
      'hooks.beforeRoll[0].where: expected deployer or first-host, got "app-1"',
    ],
    [
      "a hook that never ends",
      { hooks: { beforeRoll: { command, deadlineSeconds: 0 } } },
      "hooks.beforeRoll[0].deadlineSeconds: expected 1–86400, got 0",
    ],
  ])("%s", async (_, settings, line) => {
    expect(await refusal(settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });
});
