import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { localHost } from "../../../support/localHost.ts";
import { localNginxAccess } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const ANSWERS: Readonly<Record<string, string>> = {
  "/rollgate/configuration": "njs 0123",
  "/rollgate/health/app-1": '{"status":"UP"}',
  "/status?format=json": JSON.stringify({
    servers: {
      server: [{ upstream: "app", name: "127.0.0.1:8081", status: "up", rise: 2, fall: 0 }],
    },
  }),
};

test("nginx is asked for a host's health and for its last check at the same time, as each may cost a round trip", async () => {
  const waiting: (() => void)[] = [];
  let atOnce = 1;
  const answer: RequestListener = ({ url = "" }, response) => {
    waiting.push(() => response.end(ANSWERS[url]));
    if (waiting.length >= atOnce) for (const end of waiting.splice(0)) end();
  };
  const { port: controlPort } = await serveHttp(answer);
  const place = { directory: await temporaryDirectory(), address: "127.0.0.1", port: 1, controlPort };
  const proxy = new NginxProxy(localNginxAccess(place));
  const host = localHost({ name: "app-1", port: 8081 });
  const up = { up: true, detail: "up, rise 2, fall 0" };
  expect(await proxy.upstream(host, AbortSignal.timeout(5_000))).toEqual(up);
  atOnce = 2;
  expect(await proxy.upstream(host, AbortSignal.timeout(2_000))).toEqual(up);
});

test("nginx is asked for its last check before it has said whether it checks anybody", async () => {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const { port: controlPort } = await serveHttp(({ url = "" }, response) => {
    asked.push(url);
    waiting.push(() => response.end(url === "/rollgate/configuration" ? "stock 0123" : ANSWERS[url]));
    if (asked.length >= 3) for (const end of waiting.splice(0)) end();
  });
  const place = { directory: await temporaryDirectory(), address: "127.0.0.1", port: 1, controlPort };
  const proxy = new NginxProxy(localNginxAccess(place));
  const host = localHost({ name: "app-1", port: 8081 });
  const up = { up: true, detail: "200 UP" };
  expect(await proxy.upstream(host, AbortSignal.timeout(5_000))).toEqual(up);
  expect(asked.sort()).toEqual(["/rollgate/configuration", "/rollgate/health/app-1", "/status?format=json"]);
  expect(await proxy.upstream(host, AbortSignal.timeout(5_000))).toEqual(up);
  expect(asked.slice(3)).toEqual(["/rollgate/health/app-1"]);
});

test("nginx is not asked for its flavour again because nobody waits for its view any more", async () => {
  const asked: string[] = [];
  const over = new AbortController();
  const { port: controlPort } = await serveHttp(({ url = "" }, response) => {
    asked.push(url);
    if (url === "/rollgate/health/app-2") over.abort();
    else response.end(ANSWERS[url]);
  });
  const place = { directory: await temporaryDirectory(), address: "127.0.0.1", port: 1, controlPort };
  const proxy = new NginxProxy(localNginxAccess(place));
  const [host, other] = [localHost({ name: "app-1", port: 8081 }), localHost({ name: "app-2", port: 8082 })];
  const view = async (slot = host, signal = AbortSignal.timeout(5_000)) =>
    (await proxy.upstream(slot, signal)).up;
  expect([await view(), await view(other, over.signal), await view()]).toEqual([true, false, true]);
  expect(asked.filter((url) => url === "/rollgate/configuration")).toHaveLength(1);
});

test("a flag that reaches its machine late is confirmed afterwards", async () => {
  let isRaised = false;
  let asked = 0;
  const { port: controlPort } = await serveHttp((_, response) => {
    asked++;
    if (asked === 1) response.writeHead(500);
    response.end(isRaised ? "pool app-1" : "pool");
  });
  const place = { directory: await temporaryDirectory(), address: "127.0.0.1", port: 1, controlPort };
  const access = localNginxAccess(place);
  vi.spyOn(access, "raiseFlag").mockImplementation(async () => {
    await sleep(200);
    isRaised = true;
  });
  await new NginxProxy(access).drain(localHost({ name: "app-1", port: 8081 }));
  expect(asked).toBe(2);
});

test("nginx is asked for its flavour once for all hosts, and again if it did not say", async () => {
  let asked = 0;
  let isReady = false;
  const { port: controlPort } = await serveHttp(({ url = "" }, response) => {
    if (url === "/rollgate/configuration") asked++;
    response.end(isReady || url !== "/rollgate/configuration" ? ANSWERS[url] : "not there yet");
  });
  const place = { directory: await temporaryDirectory(), address: "127.0.0.1", port: 1, controlPort };
  const proxy = new NginxProxy(localNginxAccess(place));
  const host = localHost({ name: "app-1", port: 8081 });
  const view = async () => (await proxy.upstream(host, AbortSignal.timeout(5_000))).up;
  expect(await view()).toBe(false);
  [isReady, asked] = [true, 0];
  expect(await Promise.all([view(), view(), view()])).toEqual([true, true, true]);
  expect(asked).toBe(1);
});

test("whether old applications may answer is read from nginx's flags", async () => {
  const place = { directory: await temporaryDirectory(), address: "127.0.0.1", port: 1, controlPort: 1 };
  const proxy = new NginxProxy(localNginxAccess(place));
  expect(await proxy.standsBy()).toBe(false);
  await proxy.standBy(true);
  expect(await proxy.standsBy()).toBe(true);
});
