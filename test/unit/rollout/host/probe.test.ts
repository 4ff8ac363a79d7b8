import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { judge, probe } from "#rollout/host/probe.ts";
import { freePort } from "../../../support/freePort.ts";
import { serveHttp } from "../../../support/httpServer.ts";

const signal = new AbortController().signal;

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
  ])("of %d %j is judged", (statusCode, body, report) => {
    expect(judge(statusCode, body)).toEqual(report);
  });

  test("that is long is cut", () => {
    expect(judge(500, "x".repeat(1000)).detail).toBe(`500 ${"x".repeat(200)}…`);
  });
});

describe("a probe", () => {
  test("asks once, over a connection that it does not keep", async () => {
    const asked: [string | undefined, string | undefined][] = [];
    const { port } = await serveHttp((request, response) => {
      asked.push([request.url, request.headers.connection]);
      response.end('{"status":"UP"}');
    });
    expect(await probe(`http://127.0.0.1:${port}/health`, 5000, signal)).toEqual({
      up: true,
      detail: "200 UP",
    });
    expect(asked).toEqual([["/health", "close"]]);
  });

  test("of nobody says so", async () => {
    const port = await freePort();
    expect(await probe(`http://127.0.0.1:${port}/`, 5000, signal)).toEqual({
      up: false,
      detail: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  test("of a server that accepts and is silent ends in time", async () => {
    const port = await freePort();
    const server = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void server.close());
    expect(await probe(`http://127.0.0.1:${port}/`, 50, signal)).toEqual({
      up: false,
      detail: "no answer within 50 ms",
    });
  });

  test("of a server that begins a body and never ends it ends in time", async () => {
    const { port } = await serveHttp((_, response) => void response.writeHead(200).write('{"status":'));
    expect(await probe(`http://127.0.0.1:${port}/`, 50, signal)).toEqual({
      up: false,
      detail: "no answer within 50 ms",
    });
  });

  test("of a server that hangs up says so", async () => {
    const { port } = await serveHttp((request) => void request.socket.destroy());
    const { up, detail } = await probe(`http://127.0.0.1:${port}/`, 5000, signal);
    expect(up).toBe(false);
    expect(detail).toMatch(/\S/);
  });

  test("does not follow a redirect, to a login page for one", async () => {
    const { port } = await serveHttp((request, response) => {
      if (request.url === "/login") response.end('{"status":"UP"}');
      else response.writeHead(302, { location: "/login" }).end();
    });
    expect(await probe(`http://127.0.0.1:${port}/`, 5000, signal)).toEqual({ up: false, detail: "302" });
  });

  test("does not read a body without end", async () => {
    const { port } = await serveHttp((_, response) => void response.end("x".repeat(1024 * 1024)));
    expect((await probe(`http://127.0.0.1:${port}/`, 5000, signal)).up).toBe(false);
  });

  test("is not up when its signal is raised", async () => {
    const { port } = await serveHttp((_, response) => void response.end('{"status":"UP"}'));
    expect((await probe(`http://127.0.0.1:${port}/`, 5000, AbortSignal.abort())).up).toBe(false);
  });
});
