import { rm } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { localTls, serveTls } from "../../../support/localTls.ts";
import { nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** A host that says what it was asked, behind an nginx. */
async function run(settings: Partial<NginxSettings> = {}) {
  const { port: behind } = await serveHttp((asked, answer) => {
    answer.end(`the application got ${asked.method} ${asked.url}`);
  });
  const directory = await temporaryDirectory();
  const port = await freePort();
  const hosts = [{ name: "app-1", address: "127.0.0.1", port: behind }];
  await serveNginx(nginxSettings({ directory, port, hosts, ...settings }));
  await rm(join(directory, "drained", "app-1"));
  return { url: `http://127.0.0.1:${port}`, port, control: controlUrl(port) };
}

/** What nginx answers to these bytes, before it closes the connection. */
async function send(port: number, head: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  // nginx gives up on a client that ends its side, so it is asked to close the connection.
  socket.write(`${head.replaceAll("\n", "\r\n")}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

const OWN = [
  "/status",
  "/rollgate/configuration",
  "/rollgate/hosts",
  "/rollgate/drained",
  "/rollgate/health/app-1",
  "/rollgate/warm-up/app-1/",
];

describe("what belongs to the rollout", () => {
  const WAYS: [string, (path: string) => string][] = [
    ["as it is", (path) => `GET ${path} HTTP/1.1\nHost: shop`],
    ["for its control port", (path) => `GET ${path} HTTP/1.1\nHost: 127.0.0.1:20000`],
    ["with POST", (path) => `POST ${path} HTTP/1.1\nHost: shop\nContent-Length: 0`],
    ["with PUT", (path) => `PUT ${path} HTTP/1.1\nHost: shop\nContent-Length: 0`],
    ["with OPTIONS", (path) => `OPTIONS ${path} HTTP/1.1\nHost: shop`],
    ["with a method nobody knows", (path) => `ROLLGATE ${path} HTTP/1.1\nHost: shop`],
    ["in HTTP/1.0", (path) => `GET ${path} HTTP/1.0`],
    ["with a whole URL", (path) => `GET http://127.0.0.1${path} HTTP/1.1\nHost: shop`],
    ["encoded", (path) => `GET ${path.replaceAll("a", "%61").replaceAll("t", "%74")} HTTP/1.1\nHost: shop`],
    ["with encoded slashes", (path) => `GET /${path.slice(1).replaceAll("/", "%2f")} HTTP/1.1\nHost: shop`],
    ["with slashes twice", (path) => `GET ${path.replaceAll("/", "//")} HTTP/1.1\nHost: shop`],
    ["over another folder", (path) => `GET /x/..${path} HTTP/1.1\nHost: shop`],
    [
      "with a parameter in its path",
      (path) => `GET ${path.replace(/^\/(\w+)/, "/$1;a=b")} HTTP/1.1\nHost: shop`,
    ],
    ["with a query", (path) => `GET ${path}?format=json HTTP/1.1\nHost: shop`],
    ["as from loopback", (path) => `GET ${path} HTTP/1.1\nHost: localhost\nX-Forwarded-For: 127.0.0.1`],
    [
      "as from loopback, by Forwarded",
      (path) => `GET ${path} HTTP/1.1\nHost: shop\nForwarded: for=127.0.0.1`,
    ],
    [
      "as a rewritten URL",
      (path) => `GET / HTTP/1.1\nHost: shop\nX-Original-URL: ${path}\nX-Rewrite-URL: ${path}`,
    ],
    [
      "with an upgrade to HTTP/2",
      (path) =>
        `GET ${path} HTTP/1.1\nHost: shop\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA`,
    ],
    [
      "behind another request on the same connection",
      (path) => `GET / HTTP/1.1\nHost: shop\n\nGET ${path} HTTP/1.1\nHost: shop`,
    ],
    [
      "smuggled in a body",
      (path) =>
        `POST / HTTP/1.1\nHost: shop\nContent-Length: 4\nTransfer-Encoding: chunked\n\n0\n\nGET ${path} HTTP/1.1\nHost: shop`,
    ],
  ];

  test.each(WAYS)("is never answered to clients, asked %s", async (_, ask) => {
    const { port } = await run();
    for (const path of OWN) {
      const answer = await send(port, ask(path));
      expect(answer, path).toMatch(/^HTTP\/1\.1 (200|400) /);
      // The application's, or nginx's refusal of a malformed request.
      expect(answer, path).toMatch(/the application got|400 Bad Request/);
      expect(answer, path).not.toMatch(/"checks":|stock [0-9a-f]{16}|market_|^app-1$/m);
    }
  });

  test("is not spoken to in HTTP/2 without a handshake either", async () => {
    const { port } = await run();
    const answer = await send(port, "PRI * HTTP/2.0\n\nSM");
    expect(answer).not.toMatch(/"checks":|stock [0-9a-f]{16}/);
  });

  test.each([
    ["with GET", {}],
    ["with POST", { ":method": "POST" }],
    ["for its control port", { ":authority": "127.0.0.1:20000" }],
    ["as from loopback", { "x-forwarded-for": "127.0.0.1", forwarded: "for=127.0.0.1" }],
  ])("is never answered over HTTP/2, asked %s", async (_, headers) => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const { inputs } = await localTls();
    await serveTls({ ...inputs, serverNames: [] });
    const client = connectHttp2(`https://127.0.0.1:${inputs.tls.port}`, { rejectUnauthorized: false });
    onTestFinished(() => client.destroy());
    for (const path of OWN) {
      const stream = client.request({ ":path": path, ...headers }).end();
      expect(JSON.parse(await text(stream)), path).toMatchObject({ status: "UP", url: path });
    }
  });

  test("is answered on the port of its own", async () => {
    const { control } = await run();
    expect((await request(`${control}/rollgate/hosts`)).body).toBe("app-1");
    expect((await request(`${control}/status`)).body).toContain('"checks":"none"');
    expect((await request(`${control}/`)).status).toBe(404);
  });
});

describe("/status for people", () => {
  test("is there for allowed addresses only", async () => {
    const allowed = await run({ statusAllow: ["127.0.0.0/8"] });
    expect((await request(`${allowed.url}/status?format=json`)).body).toContain('"checks":"none"');
    const others = await run({ statusAllow: ["192.0.2.0/24"] });
    const headers = { "X-Forwarded-For": "192.0.2.7", "X-Real-IP": "192.0.2.7" };
    expect((await request(`${others.url}/status`, { headers })).status).toBe(403);
  });
});

describe("closed paths", () => {
  const settings = { closedPaths: ["/actuator", "/shop/internal"], openPaths: ["/actuator/health"] };

  test.each([
    "/actuator",
    "/actuator/",
    "/actuator/env",
    "/ACTUATOR/env",
    "//actuator//env",
    "/%61ctuator/env",
    "/actuator%2fenv",
    "/x/../actuator/env",
    "/x/%2e%2e/actuator/env",
    "/actuator;a=b/env",
    "/;/actuator/env",
    "/x/..;/actuator/env",
    "/x/..%3b/actuator/env",
    "/x;y/%2e%2e;z/actuator/env",
    "/;%0a/actuator/env",
    "/actuator.json",
    "/actuator/health/liveness",
    "/actuator/health/",
    "/shop/internal",
    "/shop;v=1/internal/x",
    "/shop//internal",
  ])("are not there for clients: %s", async (path) => {
    const { port } = await run(settings);
    expect(await send(port, `GET ${path} HTTP/1.1\nHost: shop`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  test.each([
    "/",
    "/actuators",
    "/my-actuator/x",
    "/shop/actuator",
    "/shop",
    "/shop/internals",
    "/internal",
    "/items;v=1/2",
    "/actuator/health",
    "/actuator/health?x=1",
    "/search?q=/actuator",
  ])("are no others: %s", async (path) => {
    const { port } = await run(settings);
    expect(await send(port, `GET ${path} HTTP/1.1\nHost: shop`)).toContain(`the application got GET ${path}`);
  });

  test("don't keep the rollout from the health of a host", async () => {
    const { control } = await run(settings);
    expect((await request(`${control}/rollgate/health/app-1`)).body).toContain("GET /actuator/health");
  });
});
