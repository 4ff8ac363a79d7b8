import type { RequestListener } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { MachineHealth } from "#rollout/host/healthEndpoint.ts";
import { warmUp } from "#rollout/roll/warmUp.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { serveHttp } from "../../../support/httpServer.ts";

const { signal } = new AbortController();

/** The rollout's own way to an application at this port. */
function wayTo(port: number): MachineHealth {
  // Pages are at the application's port even if health is not.
  const place = { name: "app-1", address: "127.0.0.1", port, healthPort: 1 };
  const health = new MachineHealth(new LocalMachine(), place, 0);
  onTestFinished(() => health.close());
  return health;
}

async function serve(answer: RequestListener) {
  const { port } = await serveHttp(answer);
  return wayTo(port);
}

test("a warm-up requests one path after the other, and says what the first and the last of them took", async () => {
  const asked: (string | undefined)[] = [];
  const application = await serve((request, response) => {
    asked.push(request.url);
    setTimeout(() => response.end("hello"), asked.length === 1 ? 300 : 0);
  });
  const paths = ["/", "/orders?page=1"];
  const { message, inVain } = await warmUp(application, { paths, requests: 60, seconds: 20 }, signal);
  expect(asked.filter((path) => path === "/")).toHaveLength(30);
  expect(asked.filter((path) => path === "/orders?page=1")).toHaveLength(30);
  expect(message).toMatch(/^60 requests in \d+(\.\d)? s, the last took \d+ ms \(the first \d+ ms\)$/);
  expect(inVain).toBe(false);
});

test("a warm-up sends a few requests at a time, over connections that are kept", async () => {
  const sockets = new Set<unknown>();
  let [open, most] = [0, 0];
  const application = await serve((request, response) => {
    sockets.add(request.socket);
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end();
    }, 5);
  });
  await warmUp(application, { paths: ["/"], requests: 40, seconds: 20 }, signal);
  expect(most).toBe(4);
  expect(sockets.size).toBe(4);
});

test("a warm-up ends in time, without the requests that this cut off", async () => {
  let asked = 0;
  const application = await serve((_, response) => {
    if (++asked <= 3) response.end();
  });
  const began = performance.now();
  const { message } = await warmUp(application, { paths: ["/"], requests: 1000, seconds: 1 }, signal);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(message).toMatch(/^3 requests in 1(\.\d)? s, the last took /);
});

test("a warm-up takes redirects and missing pages as they are, and counts errors", async () => {
  const asked: (string | undefined)[] = [];
  const application = await serve((request, response) => {
    asked.push(request.url);
    if (request.url === "/login") response.writeHead(302, { location: "/elsewhere" }).end();
    else response.writeHead(request.url === "/none" ? 404 : 503).end();
  });
  const paths = ["/login", "/none", "/broken"];
  const { message, inVain } = await warmUp(application, { paths, requests: 30, seconds: 20 }, signal);
  expect(asked).not.toContain("/elsewhere");
  expect(message).toMatch(/^30 requests, 10 failed \(503 from \/broken\), in \d+(\.\d)? s, the last took /);
  expect(inVain).toBe(false);
});

test("a warm-up that nobody answers says so, and that it was in vain", async () => {
  const port = await freePort();
  const { message, inVain } = await warmUp(wayTo(port), { paths: ["/"], requests: 8, seconds: 20 }, signal);
  expect(message).toMatch(
    new RegExp(`^8 requests, all failed \\(connect ECONNREFUSED 127.0.0.1:${port}\\), in \\d+(\\.\\d)? s$`),
  );
  expect(inVain).toBe(true);
});

test("a warm-up reads large answers to the end", async () => {
  let complete = 0;
  const application = await serve((_, response) => {
    response.end("x".repeat(1024 * 1024), () => complete++);
  });
  const { message } = await warmUp(application, { paths: ["/"], requests: 4, seconds: 20 }, signal);
  expect(message).toMatch(/^4 requests in /);
  expect(complete).toBe(4);
});
