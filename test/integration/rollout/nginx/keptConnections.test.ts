import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { localNginxAccess, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** Long before any application closes an idle connection; Gunicorn does so after two seconds, Tomcat after twenty. */
const KEPT_MILLISECONDS = 1_000;

/** An nginx before one application, whose connections are counted. */
async function serving() {
  const sockets: Socket[] = [];
  const { port, server } = await serveHttp((asked, answer) => {
    asked.resume();
    asked.on("end", () => answer.end(asked.headers.connection ?? "none"));
  });
  server.on("connection", (socket) => void sockets.push(socket));
  const host = { name: "app-1", address: "127.0.0.1", port };
  const settings = nginxSettings({
    directory: await temporaryDirectory(),
    port: await freePort(),
    hosts: [host],
  });
  await serveNginx(settings);
  const access = localNginxAccess(settings);
  await access.lowerFlag("app-1");
  return { host, access, sockets, url: `http://127.0.0.1:${settings.port}` };
}

test("requests one after another come over the same connection to the application", async () => {
  const { url, sockets } = await serving();
  for (let sent = 0; sent < 20; sent++) {
    expect(await request(`${url}/`)).toMatchObject({
      status: 200,
      body: "none",
    });
  }
  // Each worker of nginx has its own, and a busy machine may take a while between two requests.
  expect(sockets.length).toBeLessThan(15);
});

test("nginx closes an idle connection long before an application would", async () => {
  const { url, sockets } = await serving();
  await request(`${url}/`);
  const [socket] = sockets;
  if (!socket) throw new Error("nginx did not connect");
  const began = performance.now();
  if (!socket.readableEnded) await once(socket, "end");
  expect(performance.now() - began).toBeLessThan(KEPT_MILLISECONDS);
});

test("no connection to a host is left a moment after its last request, so that it counts as settled", async () => {
  const { url, host, access } = await serving();
  await Promise.all(Array.from({ length: 20 }, () => request(`${url}/`)));
  await access.raiseFlag(host.name);
  await sleep(KEPT_MILLISECONDS);
  expect(await access.connectionsTo(host.address, host.port)).toBe(0);
});

test("a health request to a host leaves no connection behind", async () => {
  const { host, access } = await serving();
  await access.get("/rollgate/health/app-1", AbortSignal.timeout(5_000));
  expect(await access.connectionsTo(host.address, host.port)).toBe(0);
});
