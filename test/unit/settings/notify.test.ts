import { describe, expect, test } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

const url = "https://hooks.example.com/services/secret";

test("nobody is told unless the stack says so", async () => {
  expect((await read({})).rollout).not.toHaveProperty("notify");
});

test("a webhook needs only its URL", async () => {
  const { rollout } = await read({
    reports: "off",
    notify: [{ url }, { url, events: ["failure"], format: "slack" }],
  });
  expect(rollout.stack).toBe("test");
  expect(rollout.notify).toEqual([
    { url, events: ["start", "success", "failure", "rollback"], format: "json" },
    { url, events: ["failure"], format: "slack" },
  ]);
});

test("a collector of traces is a URL", async () => {
  expect((await read({})).rollout).not.toHaveProperty("traceCollector");
  const { rollout } = await read({ reports: "off", traceCollector: "http://collector:4318" });
  expect(rollout).toMatchObject({ traceCollector: "http://collector:4318", stack: "test" });
  expect(await refusal({ traceCollector: "collector:4318" })).toBe(
    "rollgate:traceCollector: expected a URL that begins with https:// or http://, got something else. Nothing was changed.",
  );
});

describe("a wrong setting is rejected with one line that names it and does not show a URL", () => {
  test.each<[title: string, notify: unknown, line: string]>([
    ["no list", { url }, "notify: expected a list, got something else"],
    ["a URL without its key", [url], "notify[0]: expected an object with a url, got something else"],
    ["no URL", [{ format: "json" }], "notify[0].url: expected a string, got nothing"],
    [
      "a URL that is none",
      [{ url }, { url: "hooks.example.com/secret" }],
      "notify[1].url: expected a URL that begins with https:// or http://, got something else",
    ],
    [
      "a URL for something else",
      [{ url: "ftp://hooks.example.com/secret" }],
      "notify[0].url: expected a URL that begins with https:// or http://, got something else",
    ],
    [
      "a URL with a password",
      [{ url: "https://ann:secret@example.com/" }],
      "notify[0].url: expected a URL without a user name and a password",
    ],
    [
      "an unknown event",
      [{ url, events: ["end"] }],
      'notify[0].events[0]: expected start, success, failure, or rollback, got "end"',
    ],
    ["no event", [{ url, events: [] }], "notify[0].events: expected at least one event, got none"],
    [
      "a text as events",
      [{ url, events: "start" }],
      'notify[0].events: expected a list of events, got "start"',
    ],
    [
      "an unknown format",
      [{ url, format: "teams" }],
      'notify[0].format: expected json or slack, got "teams"',
    ],
    ["an unknown key", [{ url, method: "PUT" }], "notify[0].method: unknown setting"],
  ])("%s", async (_, notify, line) => {
    const message = await refusal({ notify });
    expect(message).toBe(`rollgate:${line}. Nothing was changed.`);
    expect(message).not.toContain("secret");
  });
});
