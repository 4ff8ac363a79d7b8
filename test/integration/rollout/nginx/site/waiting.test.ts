import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../../../harness/freePort.ts";
import { request } from "../../../../../harness/request.ts";
import { until } from "../../../../../harness/until.ts";
import { serveHttp } from "../../../../support/httpServer.ts";
import { serveSite } from "../../../../support/siteNginx.ts";

const PAUSE_MILLISECONDS = 1_800;

/** An application that says something, is silent for a while, and says something else; or never reads a body. */
const silent = () => async (asked: IncomingMessage, answer: ServerResponse) => {
  if (asked.url === "/upload") return;
  if (asked.headers.accept?.includes("event-stream")) answer.setHeader("Content-Type", "text/event-stream");
  answer.write("one\n");
  await sleep(PAUSE_MILLISECONDS);
  answer.end("two\n");
};

/** What a client gets before its connection ends. */
async function listen(url: string, headers: Record<string, string> = {}): Promise<string> {
  const sent = send(url, { agent: false, headers }).end();
  const [response] = await once(sent, "response");
  let text = "";
  try {
    for await (const chunk of response) text += chunk;
  } catch {
    text += "(cut)";
  }
  return text;
}

const STREAM = { Accept: "text/event-stream" };

test("a short read timeout cuts slow answers and neither event streams nor websockets", async () => {
  const { url, port } = await serveSite({ timeouts: { readSeconds: 1 } }, { answer: silent });
  const [plain, stream] = await Promise.all([listen(url), listen(url, STREAM)]);
  expect(plain).toBe("one\n(cut)");
  expect(stream).toBe("one\ntwo\n");
  expect(port).toBeGreaterThan(0);
});

test("a short timeout of event streams cuts them and no other slow answer", async () => {
  const { url } = await serveSite({ timeouts: { eventStreamIdleSeconds: 1 } }, { answer: silent });
  const [plain, stream] = await Promise.all([listen(url), listen(url, STREAM)]);
  expect(plain).toBe("one\ntwo\n");
  expect(stream).toBe("one\n(cut)");
});

test("a host that doesn't read a body is given up after sendSeconds", async () => {
  const { url } = await serveSite({ maxBodySize: "0", timeouts: { sendSeconds: 1 } }, { answer: silent });
  const sent = send(`${url}/upload`, { agent: false, method: "POST" });
  sent.on("error", () => {});
  sent.end(Buffer.alloc(30_000_000));
  const [response] = await once(sent, "response");
  expect(response.statusCode).toBe(504);
});

test("nginx keeps a long answer for a slow client, except events and paths without buffering", async () => {
  const finished = new Set<string>();
  const long = () => (asked: IncomingMessage, answer: ServerResponse) => {
    answer.on("finish", () => finished.add(`${asked.url} ${asked.headers.accept ?? ""}`));
    answer.end(Buffer.alloc(40 << 20));
  };
  const { url } = await serveSite({ buffering: { off: ["/exports", "/feed/"] } }, { answer: long });
  const ask = async (path: string, accept?: string) => {
    const headers = accept === undefined ? {} : { Accept: accept };
    const sent = send(`${url}${path}`, { agent: false, headers }).end();
    onTestFinished(() => void sent.destroy());
    // It reads nothing of the answer.
    await once(sent, "response");
  };
  await Promise.all([
    ask("/events", "text/event-stream"),
    ask("/any", "application/json, text/event-stream;q=0.5"),
    ...["/exports", "/exports/2026.csv", "/feed", "/any", "/exportsheet"].map((path) => ask(path)),
  ]);
  await until(() => finished.size === 2, 10);
  await sleep(500);
  expect(finished).toEqual(new Set(["/any ", "/exportsheet "]));
});

/** An application that answers a websocket with one frame, and is silent then. */
async function serveWebsocket(): Promise<number> {
  const { server } = await serveHttp((_, answer) => void answer.end("plain"));
  server.on("upgrade", ({ headers }, socket: Socket) => {
    const accept = createHash("sha1")
      .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : freePort();
}

test.each([
  ["cut after websocketIdleSeconds", { websocketIdleSeconds: 1 }, true],
  [
    "kept beyond readSeconds and eventStreamIdleSeconds",
    { readSeconds: 1, eventStreamIdleSeconds: 1 },
    false,
  ],
])("a silent websocket is %s", async (_, timeouts, isCut) => {
  const hosts = [{ name: "app-1", address: "127.0.0.1", port: await serveWebsocket() }];
  const { port } = await serveSite({ timeouts, hosts });
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";
  client.write(
    `GET /chat HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`,
  );
  const [first] = await once(client, "data");
  expect(String(first)).toMatch(/^HTTP\/1\.1 101 /);
  const closed = once(client, "close").then(() => true);
  client.resume();
  expect(await Promise.race([closed, sleep(PAUSE_MILLISECONDS, false)])).toBe(isCut);
});

test("a client's connection is kept for keepAliveSeconds, or not at all", async () => {
  const lifetime = async (keepAliveSeconds: number) => {
    const { port } = await serveSite({ timeouts: { keepAliveSeconds } });
    const client = connect(port, "127.0.0.1");
    onTestFinished(() => void client.destroy());
    client.write("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    await once(client, "data");
    client.resume();
    const began = performance.now();
    await once(client, "close");
    return performance.now() - began;
  };
  expect(await lifetime(0)).toBeLessThan(500);
  const seconds = (await lifetime(1)) / 1000;
  expect(seconds).toBeGreaterThan(0.8);
  expect(seconds).toBeLessThan(3);
});

test("nothing else changes with a long read timeout", async () => {
  const { url } = await serveSite({ timeouts: { readSeconds: 900 } });
  expect((await request(url)).status).toBe(200);
});
