import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { MachineHealth } from "#rollout/host/healthEndpoint.ts";
import type { HealthReport } from "#rollout/host/probe.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { serveHttp } from "../../../support/httpServer.ts";

const signal = new AbortController().signal;

function ask(port: number, path: string, milliseconds: number, until: AbortSignal): Promise<HealthReport> {
  const health = new MachineHealth(new LocalMachine(), { name: "app-1", address: "127.0.0.1", port }, 0);
  onTestFinished(() => health.close());
  return health.ask(path, milliseconds, until);
}

describe("a health request", () => {
  test("asks once, over a connection that is not kept", async () => {
    const asked: [string | undefined, string | undefined][] = [];
    const { port } = await serveHttp((request, response) => {
      asked.push([request.url, request.headers.connection]);
      response.end('{"status":"UP"}');
    });
    expect(await ask(port, "/health", 5000, signal)).toEqual({
      up: true,
      detail: "200 UP",
    });
    expect(asked).toEqual([["/health", "close"]]);
  });

  test("to a port that nobody listens on says so", async () => {
    const port = await freePort();
    expect(await ask(port, "/", 5000, signal)).toEqual({
      up: false,
      detail: `connect ECONNREFUSED 127.0.0.1:${port}`,
      isRefused: true,
    });
  });

  test("to a server that accepts and stays silent ends in time", async () => {
    const port = await freePort();
    const server = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void server.close());
    expect(await ask(port, "/", 50, signal)).toEqual({
      up: false,
      detail: "no answer within 50 ms",
    });
  });

  test("to a server that never completes its answer ends in time", async () => {
    const { port } = await serveHttp((_, response) => void response.writeHead(200).write('{"status":'));
    expect(await ask(port, "/", 50, signal)).toEqual({
      up: false,
      detail: "no answer within 50 ms",
    });
  });

  test("to a server that hangs up says so", async () => {
    const { port } = await serveHttp((request) => void request.socket.destroy());
    const { up, detail } = await ask(port, "/", 5000, signal);
    expect(up).toBe(false);
    expect(detail).toMatch(/\S/);
  });

  test("does not follow a redirect, for example to a login page", async () => {
    const { port } = await serveHttp((request, response) => {
      if (request.url === "/login") response.end('{"status":"UP"}');
      else response.writeHead(302, { location: "/login" }).end();
    });
    expect(await ask(port, "/", 5000, signal)).toEqual({ up: false, detail: "302" });
  });

  test("does not read an endless body", async () => {
    const { port } = await serveHttp((_, response) => void response.end("x".repeat(1024 * 1024)));
    expect((await ask(port, "/", 5000, signal)).up).toBe(false);
  });

  test("is not up if its signal is aborted", async () => {
    const { port } = await serveHttp((_, response) => void response.end('{"status":"UP"}'));
    expect((await ask(port, "/", 5000, AbortSignal.abort())).up).toBe(false);
  });
});

test("expensive connections are kept, and a kept one to the previous process is no failure of the next", async () => {
  const sockets = new Set<unknown>();
  const { port, server } = await serveHttp((request, response) => {
    sockets.add(request.socket);
    response.end('{"status":"UP"}');
  });
  const place = { name: "app-1", address: "127.0.0.1", port };
  const health = new MachineHealth(new LocalMachine(), place, 30_000);
  onTestFinished(() => health.close());
  for (let asked = 0; asked < 6; asked++)
    expect(await health.ask("/", 5000, signal)).toMatchObject({ up: true });
  expect(sockets.size).toBeLessThanOrEqual(2);
  server.closeAllConnections();
  expect(await health.ask("/", 5000, signal)).toMatchObject({ up: true });
});

test("a connection that was opened during a start and came too early is no answer, as long as there is another one", async () => {
  const { port } = await serveHttp((_, response) => void response.end('{"status":"UP"}'));
  const place = { name: "app-1", address: "127.0.0.1", port };
  const ports = [await freePort(), await freePort(), port, await freePort()];
  const ahead = {
    connect: async () => connect(ports.shift() ?? 0, place.address),
    get hasMore() {
      return ports.length > 1;
    },
    listensSoon: () => {},
  };
  const machine = { connect: ahead.connect, connectAhead: () => ahead };
  const health = new MachineHealth(machine, place, 0);
  onTestFinished(() => health.close());
  expect(await health.ask("/", 5000, signal)).toMatchObject({ up: true });
  expect(await health.ask("/", 5000, signal)).toMatchObject({ up: false });
});

describe("the look whether something listens", () => {
  test("ends soon after the application has opened its port, and asks it nothing", async () => {
    const port = await freePort();
    const health = new MachineHealth(new LocalMachine(), { name: "app-1", address: "127.0.0.1", port }, 0);
    onTestFinished(() => health.close());
    const received: Buffer[] = [];
    let isOpen = false;
    const looking = health.untilListening?.(signal).then(() => isOpen);
    await sleep(100);
    const server = createServer(
      (socket) => void socket.on("error", () => {}).on("data", (chunk) => received.push(chunk)),
    );
    server.listen(port, "127.0.0.1", () => {
      isOpen = true;
    });
    onTestFinished(() => void server.close());
    expect(await looking).toBe(true);
    expect(received).toEqual([]);
  });

  test("ends with its signal", async () => {
    const port = await freePort();
    const health = new MachineHealth(new LocalMachine(), { name: "app-1", address: "127.0.0.1", port }, 0);
    onTestFinished(() => health.close());
    const abort = new AbortController();
    const looking = health.untilListening?.(abort.signal);
    abort.abort();
    await expect(looking).rejects.toThrow();
  });

  test("is not made where connections are expensive", () => {
    const health = new MachineHealth(
      new LocalMachine(),
      { name: "app-1", address: "127.0.0.1", port: 1 },
      1_000,
    );
    onTestFinished(() => health.close());
    expect(health.untilListening).toBeUndefined();
  });
});
