import { describe, expect, onTestFinished, test, vi } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

const url = "https://smoke.example.com/secret";
const prometheus = "http://prometheus:9090";
const query = 'errors{release="{{release}}"}';

test("a check needs only what it asks, and nginx's figures only count if there are limits for them", async () => {
  const headers = { authorization: "Bearer secret", "x-scope": 7 };
  const given = [{ url }, { prometheus, query, max: 0.05, headers, onError: "ignore", intervalSeconds: 30 }];
  const { rollout } = await read({ analysis: { checks: given } });
  const defaults = {
    intervalSeconds: 5,
    timeoutSeconds: 5,
    consecutiveFailures: 1,
    consecutiveErrors: 3,
    onError: "fail",
    onNoData: "ignore",
  };
  expect(rollout).not.toHaveProperty("analysis");
  expect(rollout.analysisChecks).toEqual([
    { ...defaults, url },
    {
      ...defaults,
      prometheus,
      query,
      max: 0.05,
      headers: { authorization: "Bearer secret", "x-scope": "7" },
      onError: "ignore",
      intervalSeconds: 30,
    },
  ]);
  const both = await read({ analysis: { maxErrorRate: 0.05, checks: given } });
  expect(both.rollout).toMatchObject({ analysis: { maxErrorRate: 0.05 }, analysisChecks: [{}, {}] });
});

test("a part of the analysis may be encrypted, and then none of it is recorded or shown", async () => {
  vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", '["rollgate:analysis"]');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { rollout } = await read({ analysis: { checks: [{ url }] } });
  expect(rollout).toMatchObject({ analysisChecks: [{ url }], settings: {} });
  expect(rollout.settings).not.toHaveProperty("rollgate:analysis");
  expect(await refusal({ analysis: ["secret"] })).toBe(
    "rollgate:analysis: expected an object, got something else. Nothing was changed.",
  );
});

test("what is recorded of them shows neither URLs nor headers", async () => {
  const checks = [
    { url, name: "smoke" },
    { prometheus: `${prometheus}/secret`, query, max: 1, headers: { a: "secret" } },
  ];
  const { rollout } = await read({ analysis: { checks, latencyFactor: 2 } });
  expect(rollout.settings).toMatchObject({
    "rollgate:analysis": { latencyFactor: 2, checks: [{ name: "smoke" }, { query, max: 1 }] },
  });
  expect(JSON.stringify(rollout.settings)).not.toContain("secret");
});

describe("a wrong check is rejected with one line that names it and shows no secret", () => {
  test.each<[title: string, checks: unknown, line: string, others?: object]>([
    ["no list", { url }, "analysis.checks: expected a list, got something else"],
    [
      "a URL without its key",
      [url],
      "analysis.checks[0]: expected an object with a url or with prometheus, got something else",
    ],
    [
      "nothing to ask",
      [{ name: "smoke" }],
      "analysis.checks[0]: expected either url or prometheus, got neither",
    ],
    [
      "two things to ask",
      [{ url, prometheus }],
      "analysis.checks[0]: expected either url or prometheus, got both",
    ],
    [
      "a URL that is none",
      [{ url }, { url: "smoke.example.com/secret" }],
      "analysis.checks[1].url: expected a URL that begins with https:// or http://, got something else",
    ],
    [
      "a URL with a password",
      [{ prometheus: "https://ann:secret@example.com/", query, max: 1 }],
      "analysis.checks[0].prometheus: expected a URL without a user name and a password",
    ],
    [
      "a placeholder that is none",
      [{ url: "https://smoke.example.com/{{relese}}?key=secret" }],
      "analysis.checks[0].url: expected {{release}}, {{version}}, {{host}}, {{address}}, or {{port}}, got {{relese}}",
    ],
    [
      "a placeholder that is none in a query",
      [{ prometheus, query: "up{job='{{job}}'}", max: 1 }],
      "analysis.checks[0].query: expected {{release}}, {{version}}, {{host}}, {{address}}, or {{port}}, got {{job}}",
    ],
    [
      "a Prometheus without a query",
      [{ prometheus, max: 1 }],
      "analysis.checks[0].query: expected a query, got nothing",
    ],
    [
      "an empty query",
      [{ prometheus, query: " ", max: 1 }],
      "analysis.checks[0].query: expected a query, got nothing",
    ],
    [
      "a query without a limit",
      [{ prometheus, query }],
      "analysis.checks[0]: expected min, max or both, got neither: any value would do",
    ],
    ["no number", [{ prometheus, query, max: "5%" }], 'analysis.checks[0].max: expected a number, got "5%"'],
    [
      "limits that nothing keeps",
      [{ prometheus, query, min: 2, max: 1 }],
      "analysis.checks[0].min: expected at most max (1), got 2",
    ],
    [
      "a limit of a URL",
      [{ url, max: 1 }],
      "analysis.checks[0].max: expected no value beside url, since it is for prometheus",
    ],
    [
      "a text as headers",
      [{ url, headers: "secret" }],
      "analysis.checks[0].headers: expected an object of names and values, got something else",
    ],
    [
      "a header with two lines",
      [{ url, headers: { a: "secret\nb: c" } }],
      "analysis.checks[0].headers.a: expected the value of a header, got characters that none may have",
    ],
    [
      "a header without a name",
      [{ url, headers: { "a b": "c" } }],
      "analysis.checks[0].headers.a b: expected the name of a header",
    ],
    [
      "no interval",
      [{ url, intervalSeconds: 0 }],
      "analysis.checks[0].intervalSeconds: expected 1–3600, got 0",
    ],
    [
      "no time to answer",
      [{ url, timeoutSeconds: 0 }],
      "analysis.checks[0].timeoutSeconds: expected 1–300, got 0",
    ],
    [
      "no failure allowed at all",
      [{ url, consecutiveFailures: 0 }],
      "analysis.checks[0].consecutiveFailures: expected 1–1000, got 0",
    ],
    [
      "no try",
      [{ url, consecutiveErrors: 0 }],
      "analysis.checks[0].consecutiveErrors: expected 1–1000, got 0",
    ],
    [
      "another reaction",
      [{ url, onError: "warn" }],
      'analysis.checks[0].onError: expected fail or ignore, got "warn"',
    ],
    [
      "another reaction to nothing",
      [{ url, onNoData: "warn" }],
      'analysis.checks[0].onNoData: expected fail or ignore, got "warn"',
    ],
    [
      "a name of several lines",
      [{ url, name: "a\nb" }],
      'analysis.checks[0].name: expected 1–60 characters, got "a\\nb"',
    ],
    ["an unknown key", [{ url, method: "PUT" }], "analysis.checks[0].method: unknown setting"],
    ["too many", Array(11).fill({ url }), "analysis.checks: expected at most 10 checks"],
    [
      "no soak to ask in",
      [{ url }],
      "analysis: expected soakSeconds of at least 1, since a release is judged during its soak, got 0",
      { soakSeconds: 0 },
    ],
  ])("%s", async (_, checks, line, others = {}) => {
    const message = await refusal({ analysis: { checks }, ...others });
    expect(message).toBe(`rollgate:${line}. Nothing was changed.`);
    expect(message).not.toContain("secret");
  });
});
