import { createHash } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { NGINX, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { NJS_NGINX_MILLISECONDS, type NjsNginx, njsNginx } from "../../../support/njsNginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

let njs: NjsNginx;
beforeAll(async () => {
  njs = await njsNginx();
}, NJS_NGINX_MILLISECONDS);

/** An application that switches to whatever protocol it is offered, and tells other clients what it was sent. */
async function serveUpgrading(): Promise<number> {
  const server = createServer((asked, answer) => void answer.end(JSON.stringify(asked.headers)));
  server.on("upgrade", ({ headers }, socket) => {
    const accept = createHash("sha1")
      .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("error", () => {});
    // A text frame in answer to the first frame of the client.
    socket.once("data", () => socket.write(Buffer.from([0x81, 5, ...Buffer.from("hello")])));
    onTestFinished(() => void socket.destroy());
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return port;
}

async function serve(settings: Partial<NginxSettings>, executable: string): Promise<number> {
  const directory = await temporaryDirectory();
  const port = await freePort();
  const hosts = [{ name: "app-1", address: "127.0.0.1", port: await serveUpgrading() }];
  await serveNginx(nginxSettings({ directory, port, hosts, ...settings }), executable);
  await rm(join(directory, "drained", "app-1"));
  return port;
}

/** The first bytes that a client gets in answer to these header lines. */
async function answerTo(port: number, lines: readonly string[]): Promise<string> {
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  client.write(["GET / HTTP/1.1", "Host: shop.example", ...lines, "", ""].join("\r\n"));
  const [chunk]: [Buffer] = await once(client, "data").then(([first]) => [first]);
  return chunk.toString("utf8");
}

const H2C = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB"];

describe.each(["stock", "njs"] as const)("with the flavour %s", (flavour) => {
  const nginx = () => {
    if (flavour === "stock") return { executable: NGINX, settings: {} };
    if ("missing" in njs) return undefined;
    const { executable, module } = njs;
    return { executable, settings: { flavour, ...(module && { njsModule: module }) } };
  };

  test("a client that offers HTTP/2 is served over HTTP/1.1", async (context) => {
    const found = nginx() ?? context.skip("there is no nginx with its JavaScript module");
    const port = await serve(found.settings, found.executable);
    for (const lines of [H2C, ["Connection: upgrade", "Upgrade: TLS/1.0, h2c"], ["Upgrade: not-websocket"]]) {
      const answer = await answerTo(port, lines);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toContain('"host":"shop.example"');
      expect(answer).not.toMatch(/"(upgrade|http2-settings)":/);
    }
  });

  test("a websocket is opened, whatever else the client offers", async (context) => {
    const found = nginx() ?? context.skip("there is no nginx with its JavaScript module");
    const port = await serve(found.settings, found.executable);
    for (const offered of ["websocket", "WebSocket", "h2c, websocket", "websocket,h2c"]) {
      const answer = await answerTo(port, ["Connection: Upgrade", `Upgrade: ${offered}`]);
      expect(answer).toMatch(/^HTTP\/1\.1 101 /);
      expect(answer).toContain("Upgrade: websocket\r\n");
    }
    const client = new WebSocket(`ws://127.0.0.1:${port}/`);
    onTestFinished(() => client.close());
    client.addEventListener("open", () => client.send("hi"));
    const [message] = await once(client, "message");
    expect(message).toMatchObject({ data: "hello" });
  });
});
