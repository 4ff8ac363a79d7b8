import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { request } from "../../../../../harness/request.ts";
import { serveSite } from "../../../../support/siteNginx.ts";

/** The status of an upload of this many bytes. */
async function upload(url: string, bytes: number): Promise<number> {
  const sent = send(url, { agent: false, method: "POST" });
  sent.on("error", () => {});
  sent.end(Buffer.alloc(bytes));
  const [response] = await once(sent, "response");
  response.resume();
  return response.statusCode;
}

const reading = () => (asked: IncomingMessage, answer: ServerResponse) => {
  asked.resume();
  asked.on("end", () => answer.end("read"));
};

test("a body may be as long as maxBodySize says, ten megabytes unless set", async () => {
  const small = await serveSite({ maxBodySize: "1k" }, { answer: reading });
  expect([await upload(small.url, 1024), await upload(small.url, 1025)]).toEqual([200, 413]);
  const common = await serveSite({}, { answer: reading });
  expect([await upload(common.url, 10 << 20), await upload(common.url, (10 << 20) + 1)]).toEqual([200, 413]);
  const open = await serveSite({ maxBodySize: "0" }, { answer: reading });
  expect(await upload(open.url, 20 << 20)).toBe(200);
});

const LONG = JSON.stringify({ text: "x".repeat(5_000) });
const typed = () => (asked: IncomingMessage, answer: ServerResponse) => {
  answer.setHeader("Content-Type", asked.url?.slice(1) ?? "");
  answer.end(asked.url === "/text/plain" ? "short" : LONG);
};

test("long answers of text are compressed if the client likes, and only with gzip on", async () => {
  const { url } = await serveSite({ gzip: true }, { answer: typed });
  const encodingOf = async (type: string, accept = "gzip, br", at = url) => {
    const { headers } = await request(`${at}/${type}`, {
      headers: { "Accept-Encoding": accept, Via: "1.1 cdn" },
    });
    return headers["content-encoding"];
  };
  expect(await encodingOf("application/json")).toBe("gzip");
  expect(await encodingOf("text/html")).toBe("gzip");
  expect(await encodingOf("application/json", "identity")).toBeUndefined();
  expect(await encodingOf("text/plain")).toBeUndefined();
  expect(await encodingOf("image/png")).toBeUndefined();
  expect(await encodingOf("text/event-stream")).toBeUndefined();
  const off = await serveSite({}, { answer: typed });
  expect(await encodingOf("application/json", "gzip", off.url)).toBeUndefined();
});

test("what is compressed is what the application said", async () => {
  const { url } = await serveSite({ gzip: true }, { answer: typed });
  const sent = send(`${url}/application/json`, {
    agent: false,
    headers: { "Accept-Encoding": "gzip" },
  }).end();
  const [response] = await once(sent, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  expect(gunzipSync(Buffer.concat(chunks)).toString("utf8")).toBe(LONG);
  expect(response.headers.vary).toBe("Accept-Encoding");
});

const answeringLong = () => (asked: IncomingMessage, answer: ServerResponse) => {
  if (asked.url === "/long") answer.setHeader("X-Long", "y".repeat(20_000));
  answer.end(String(asked.headers["x-long"]?.length ?? 0));
};

test("headers may be as long as largeHeaders says, both ways", async () => {
  const ask = async (port: number, path: string, header: string) => {
    const client = connect(port, "127.0.0.1");
    onTestFinished(() => void client.destroy());
    client.write(`GET ${path} HTTP/1.0\r\nHost: shop\r\n${header}\r\n\r\n`);
    let text = "";
    for await (const chunk of client) text += chunk;
    return text.slice(0, 12);
  };
  const long = `X-Long: ${"x".repeat(20_000)}`;
  const [common, large] = [
    await serveSite({}, { answer: answeringLong }),
    await serveSite({ largeHeaders: "32k" }, { answer: answeringLong }),
  ];
  expect(await ask(common.port, "/", long)).toBe("HTTP/1.1 400");
  expect(await ask(large.port, "/", long)).toBe("HTTP/1.1 200");
  expect(await ask(common.port, "/long", "X-Short: 1")).toBe("HTTP/1.1 502");
  expect(await ask(large.port, "/long", "X-Short: 1")).toBe("HTTP/1.1 200");
});

test("headers with underscores reach the application only if they are wanted", async () => {
  const headers = { my_tenant: "a", "my-tenant": "b" };
  const toldBy = async (settings: { underscoresInHeaders?: true }) => {
    const { url } = await serveSite(settings);
    return JSON.parse((await request(url, { headers })).body).headers;
  };
  expect(await toldBy({})).toMatchObject({ "my-tenant": "b" });
  expect(await toldBy({})).not.toHaveProperty("my_tenant");
  expect(await toldBy({ underscoresInHeaders: true })).toMatchObject({ my_tenant: "a", "my-tenant": "b" });
});
