import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { SoakChecks } from "#rollout/analysis/soakChecks.ts";
import type { AnalysisCheck } from "#rollout/request/analysisChecks.ts";
import type { Facts } from "#rollout/request/placeholders.ts";
import { factsOf } from "#rollout/roll/factsOf.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { askedServer, CHECK, fakePrometheus } from "../../../support/askedServers.ts";
import { serveHttp } from "../../../support/httpServer.ts";

const FACTS = {
  release: "1.1.0+7-bbbbbbbbbbbb",
  version: "1.1.0+7",
  host: "app-1",
  address: "10.0.0.11",
  port: "8080",
};
const QUERY = 'errors{release="{{release}}"}';
const FILLED = 'query errors{release="1.1.0+7-bbbbbbbbbbbb"}';

/** Asks until a check fails or the soak is over; returns what came of it. */
async function soaked(
  checks: readonly Partial<AnalysisCheck>[],
  soakMilliseconds = 300,
  facts: Facts = FACTS,
) {
  const asked = new SoakChecks(
    checks.map((check) => ({ ...CHECK, ...check })),
    facts,
  );
  try {
    const until = performance.now() + soakMilliseconds;
    while (performance.now() < until && !asked.failure) await sleep(10);
    if (!asked.failure) await asked.finish();
    return asked.failure ? `${asked.failure.code}: ${asked.failure.message}` : asked.describe();
  } finally {
    await asked.stop();
  }
}

test("a URL is asked again and again, and must answer 2xx each time", async () => {
  let asked = 0;
  const server = await askedServer(() => (++asked < 3 ? 204 : 503));
  const url = `${server.origin}/check/secret?of={{release}}&on={{host}}`;
  expect(await soaked([{ url }], 5_000)).toBe(`check-failed: ${server.origin} answered 503, expected 2xx`);
  expect(server.urls).toEqual(Array(3).fill("/check/secret?of=1.1.0%2B7-bbbbbbbbbbbb&on=app-1"));
});

test("what a URL answers at the end of the soak counts, however seldom it is asked", async () => {
  let asked = 0;
  const server = await askedServer(() => (++asked === 1 ? 200 : 500));
  expect(await soaked([{ url: server.origin, name: "smoke", intervalSeconds: 60 }], 1_000)).toBe(
    "check-failed: smoke answered 500, expected 2xx",
  );
});

test("a redirect is not followed", async () => {
  const server = await askedServer(() => 302);
  expect(await soaked([{ url: server.origin }])).toMatch(/answered 302, expected 2xx$/);
});

test.each<[title: string, values: string[], limits: object, said: string]>([
  ["below the most", ["0.0412345"], { max: 0.05 }, `${FILLED} gave 0.04123`],
  ["the most", ["0.05"], { max: 0.05 }, `${FILLED} gave 0.05`],
  ["above it", ["0.12"], { max: 0.05 }, `check-failed: ${FILLED} gave 0.12, at most 0.05 is allowed`],
  [
    "just above it",
    ["0.0500001"],
    { max: 0.05 },
    `check-failed: ${FILLED} gave 0.0500001, at most 0.05 is allowed`,
  ],
  [
    "below the least",
    ["12"],
    { min: 99.9, name: "success" },
    "check-failed: success gave 12, at least 99.9 is required",
  ],
  ["infinite", ["+Inf"], { max: 1 }, `check-failed: ${FILLED} gave Infinity, at most 1 is allowed`],
  ["several, all right", ["1", "2"], { min: 0, max: 3 }, `${FILLED} gave 2 values`],
  [
    "several, one too high",
    ["1", "NaN", "4"],
    { max: 3 },
    `check-failed: ${FILLED} gave 4, at most 3 is allowed`,
  ],
  ["none", [], { max: 0 }, `${FILLED} gave no value`],
  ["a rate of nothing", ["NaN"], { max: 0 }, `${FILLED} gave no value`],
  ["none, which fails", [], { max: 0, onNoData: "fail" }, `check-failed: ${FILLED} gave no value`],
])("of a query whose value is %s: %j with %j", async (_, values, limits, said) => {
  const server = await fakePrometheus(() => values);
  const headers = { authorization: "Bearer of-Prometheus" };
  const check = { prometheus: `${server.origin}/prom/`, query: QUERY, headers, ...limits };
  expect(await soaked([check], 100)).toBe(said);
  expect(server.headers[0]).toMatchObject(headers);
  const asked = new URL(server.urls[0] ?? "", server.origin);
  expect(asked.pathname).toBe("/prom/api/v1/query");
  expect(asked.searchParams.get("query")).toBe('errors{release="1.1.0+7-bbbbbbbbbbbb"}');
});

test("a scalar is a value, too", async () => {
  const data = { resultType: "scalar", result: [1795666512.123, "7"] };
  const server = await askedServer(() => [200, JSON.stringify({ status: "success", data })]);
  expect(await soaked([{ prometheus: server.origin, query: "7", max: 5 }])).toBe(
    "check-failed: query 7 gave 7, at most 5 is allowed",
  );
});

test("with consecutiveFailures, a bad answer between good ones is forgiven", async () => {
  let asked = 0;
  const everySecond = await fakePrometheus(() => [++asked % 2 === 0 ? "1" : "0"]);
  const check = { query: QUERY, max: 0, consecutiveFailures: 2 };
  expect(await soaked([{ ...check, prometheus: everySecond.origin }], 1_000)).not.toContain("check-failed");
  expect(asked).toBeGreaterThan(3);
  const always = await fakePrometheus(() => ["1"]);
  expect(await soaked([{ ...check, prometheus: always.origin }])).toBe(
    `check-failed: ${FILLED} gave 1, at most 0 is allowed, 2 times in a row`,
  );
});

test("a server that does not answer fails the gate after some tries, or is ignored", async () => {
  const origin = `http://127.0.0.1:${await freePort("127.0.0.1")}`;
  const check = { url: `${origin}/secret`, headers: { authorization: "Bearer secret" } };
  expect(await soaked([check], 5_000)).toMatch(
    new RegExp(`^check-unanswered: ${origin} gave no answer: connect ECONNREFUSED [^,]*, 3 times in a row$`),
  );
  expect(await soaked([{ ...check, name: "smoke", onError: "ignore" }])).toMatch(
    /^smoke: http:\/\/127.0.0.1:\d+ gave no answer: connect ECONNREFUSED /,
  );
});

test("a check that never got an answer is not passed, even if the soak was too short for all tries", async () => {
  const url = `http://127.0.0.1:${await freePort("127.0.0.1")}`;
  expect(await soaked([{ url, intervalSeconds: 60 }], 500)).toMatch(
    /^check-unanswered: .*, 2 times in a row$/,
  );
});

test("a URL may have an IPv6 address, and one that is none with this release is never answered", async () => {
  const { port } = await serveHttp((_, response) => response.end(), { address: "::1" });
  const slot = { address: "::1", port };
  const facts = factsOf({ host: { name: "app-1" }, slot }, "1.1.0+7-bbbbbbbbbbbb");
  expect(await soaked([{ url: "http://{{address}}:{{port}}/{{address}}" }], 50, facts)).toBe(
    `http://[::1]:${port} answered 200`,
  );
  expect(await soaked([{ url: "http://127.0.0.1:{{version}}/secret" }], 5_000, facts)).toBe(
    "check-unanswered: its URL gave no answer: Invalid URL, 3 times in a row",
  );
});

test("a server that answers too late does not answer", async () => {
  const { port } = await serveHttp(() => {});
  const check = { url: `http://127.0.0.1:${port}`, timeoutSeconds: 0.05, consecutiveErrors: 2 };
  expect(await soaked([check], 5_000)).toBe(
    `check-unanswered: http://127.0.0.1:${port} gave no answer: it took longer than 0.05 s, 2 times in a row`,
  );
});

test.each<[title: string, status: number, body: string, problem: string]>([
  [
    "a query that is wrong",
    400,
    '{"status":"error","errorType":"bad_data","error":"parse error: unclosed left brace"}',
    "it answered 400: bad_data: parse error: unclosed left brace",
  ],
  ["a refusal", 401, "Unauthorized", "it answered 401"],
  ["something else", 200, "<html>", "it answered neither a vector nor a scalar"],
])("Prometheus answers nothing with %s", async (_, status, body, problem) => {
  const server = await askedServer(() => [status, body]);
  const check = { prometheus: server.origin, query: "up{", max: 1, consecutiveErrors: 1 };
  expect(await soaked([check])).toBe(`check-unanswered: up{: ${server.origin} gave no answer: ${problem}`);
});

test("a soak that ends early does not wait for an answer", async () => {
  const { port } = await serveHttp(() => {});
  const asked = new SoakChecks([{ ...CHECK, url: `http://127.0.0.1:${port}` }], FACTS);
  await sleep(50);
  const began = performance.now();
  await asked.stop();
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(asked.failure).toBeUndefined();
});
