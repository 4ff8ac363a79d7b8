import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { RollRecord } from "#rollout/record/rollRecord.ts";
import { sendTrace } from "#rollout/traces/sendTrace.ts";
import { SHORT_RECORD } from "../../../support/shortRecord.ts";

const record: RollRecord = {
  ...SHORT_RECORD,
  stack: "prod",
  durationSeconds: 9,
  outcome: "failed",
  reports: [
    { phase: "preflight", message: "2 hosts are ready", elapsedSeconds: 0.5, milliseconds: 500 },
    { host: "app-1", phase: "start", message: "started", elapsedSeconds: 2, milliseconds: 1000 },
    { host: "app-1", phase: "restore", message: "DOWN; 1.0.0 keeps the traffic", elapsedSeconds: 8 },
  ],
  failure: { message: "app-1 failed its health gate", evidence: [] },
};

/** A collector that keeps what it is sent. */
async function collector(status = 200) {
  const posts: { readonly path: string | undefined; readonly spans: Record<string, unknown>[] }[] = [];
  const server = createServer(async (request, response) => {
    const { resourceSpans } = Object(await json(request));
    posts.push({
      path: request.url,
      spans: resourceSpans[0].scopeSpans.flatMap(({ spans }: { spans: unknown }) => spans),
    });
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { posts, url: `http://127.0.0.1:${Object(server.address()).port}` };
}

test("a collector gets a span of the roll, of each host that it touched, and of each phase", async () => {
  const { posts, url } = await collector();
  expect(await sendTrace(record, `${url}/`)).toBeUndefined();
  expect(posts.map(({ path }) => path)).toEqual(["/v1/traces"]);
  const spans = posts[0]?.spans ?? [];
  const named = (name: string) => spans.find((span) => span.name === name);
  const nameOf = (id: unknown) => spans.find(({ spanId }) => spanId === id)?.name;
  expect(spans.map(({ name, parentSpanId }) => [name, nameOf(parentSpanId)]).sort()).toEqual([
    ["app-1", "roll"],
    ["health", "app-1"],
    ["preflight", "roll"],
    ["roll", undefined],
    ["start", "app-1"],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const began = BigInt(Date.parse(record.began)) * 1_000_000n;
  expect(named("roll")).toMatchObject({
    startTimeUnixNano: String(began),
    endTimeUnixNano: String(began + 9_000_000_000n),
    status: { code: 2, message: "app-1 failed its health gate" },
    attributes: expect.arrayContaining([{ key: "rollgate.outcome", value: { stringValue: "failed" } }]),
  });
  expect(named("health")).toMatchObject({
    startTimeUnixNano: String(began + 2_000_000_000n),
    endTimeUnixNano: String(began + 8_000_000_000n),
    status: { code: 2 },
  });
});

test("the span of a roll that was killed ends with its last step, as an error", async () => {
  const { posts, url } = await collector();
  const { failure: _, durationSeconds: __, ...killed } = record;
  expect(await sendTrace({ ...killed, outcome: "killed" }, url)).toBeUndefined();
  const began = BigInt(Date.parse(record.began)) * 1_000_000n;
  expect(posts[0]?.spans.find(({ name }) => name === "roll")).toMatchObject({
    endTimeUnixNano: String(began + 8_000_000_000n),
    status: { code: 2, message: "killed" },
  });
});

test("a collector that refuses, or is not there, is a problem to tell and not an error", async () => {
  const { url } = await collector(400);
  expect(await sendTrace(record, url)).toEqual(expect.any(String));
  expect(await sendTrace(record, "http://127.0.0.1:1", 1_000)).toMatch(/ECONNREFUSED|connect/);
});
