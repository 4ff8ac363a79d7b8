import { describe, expect, test } from "vitest";
import { judge } from "#rollout/host/probe.ts";

describe("an answer", () => {
  test.each([
    [200, '{"status":"UP"}', { up: true, detail: "200 UP" }],
    [200, '{"status":"UP","components":{"db":{"status":"UP"}}}', { up: true, detail: "200 UP" }],
    [200, '{"status":"DOWN"}', { up: false, detail: '200 DOWN {"status":"DOWN"}' }],
    [503, '{"status":"DOWN"}', { up: false, detail: '503 DOWN {"status":"DOWN"}' }],
    [503, '{"status":"UP"}', { up: false, detail: "503 UP" }],
    [200, '{"status":"up"}', { up: false, detail: '200 up {"status":"up"}' }],
    [200, "OK", { up: false, detail: "200 OK" }],
    [200, '"UP"', { up: false, detail: '200 "UP"' }],
    [200, '{"status":true}', { up: false, detail: '200 {"status":true}' }],
    [404, "", { up: false, detail: "404" }],
    [302, "", { up: false, detail: "302" }],
    [500, "a\n  b\t\nc\n", { up: false, detail: "500 a b c" }],
  ])("with %d %j is judged", (statusCode, body, report) => {
    expect(judge(statusCode, body)).toEqual(report);
  });

  test("that is too long is cut", () => {
    expect(judge(500, "x".repeat(1000)).detail).toBe(`500 ${"x".repeat(200)}…`);
  });
});
