import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { textOf } from "#rollout/notify/messages.ts";
import { Notifier } from "#rollout/notify/notifier.ts";
import type { RollRecord } from "#rollout/record/rollRecord.ts";
import { notifyEvents, type Webhook } from "#rollout/request/notify.ts";
import { SHORT_RECORD } from "../../../support/shortRecord.ts";

const PATIENCE = { answerMilliseconds: 300, pauseMilliseconds: 10 };
const SECRET = "/services/T000/B000/XXXX";

beforeEach(() => {
  for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"]) vi.stubEnv(name, "");
  return () => vi.unstubAllEnvs();
});

const record: RollRecord = {
  ...SHORT_RECORD,
  stack: "prod",
  hosts: [{ name: "app-1", from: "1.0.0-aaaaaaaaaaaa", to: "1.1.0-bbbbbbbbbbbb" }],
  reports: [{ phase: "preflight", message: "1 host is ready", elapsedSeconds: 0.1 }],
  ledger: [
    {
      second: Math.floor(Date.parse("2026-11-27T04:15:20Z") / 1000),
      requests: 48_112,
      lost: 0,
      errors: 0,
      cut: 0,
      retries: 0,
      bytes: 0,
      latency: {},
    },
  ],
};

/** A server that takes what is posted to it, and answers with these statuses, the last one for good. */
async function hook(...statuses: number[]) {
  const posts: {
    readonly type: string | undefined;
    readonly url: string | undefined;
    readonly body: unknown;
  }[] = [];
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(await text(request));
    const status = statuses[Math.min(posts.length, statuses.length - 1)] ?? 200;
    posts.push({ type: request.headers["content-type"], url: request.url, body });
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("ok");
  });
  const origin = await listening(server);
  return { posts, origin, url: `${origin}${SECRET}` };
}

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${isPort(address) ? address.port : 0}`;
}

function isPort(address: unknown): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

function notifier(...webhooks: (Pick<Webhook, "url"> & Partial<Webhook>)[]) {
  const warnings: string[] = [];
  const complete = webhooks.map((webhook) => ({
    events: [...notifyEvents],
    format: "json" as const,
    ...webhook,
  }));
  return { warnings, notifier: new Notifier(complete, (message) => void warnings.push(message), PATIENCE) };
}

test("a webhook gets the facts of the roll as JSON, in order, without steps and seconds", async () => {
  const { posts, url } = await hook(200);
  const { notifier: told, warnings } = notifier({ url });
  const { durationSeconds: _, ...rolling } = record;
  told.tell("start", { record: { ...rolling, outcome: "rolling" } });
  told.tell("success", { record, report: "/srv/reports/x.html" });
  await told.close();
  expect(posts.map(({ url, type }) => [url, type])).toEqual([
    [SECRET, "application/json"],
    [SECRET, "application/json"],
  ]);
  const { reports: __, ledger: ___, ...facts } = record;
  expect(posts[0]?.body).toMatchObject({ event: "start", outcome: "rolling" });
  expect(posts[1]?.body).toEqual({
    event: "success",
    text: "prod: rolled from 1.0.0-aaaaaaaaaaaa to 1.1.0-bbbbbbbbbbbb in 24.1 s; 48,112 requests, 0 lost",
    ...facts,
    requests: 48_112,
    lost: 0,
    report: "/srv/reports/x.html",
  });
  expect(warnings).toEqual([]);
});

test("Slack gets one line in which nothing from elsewhere is markup", async () => {
  const { posts, url } = await hook(200);
  const { notifier: told } = notifier({ url, format: "slack" });
  const failure = { message: "app-1 failed: <!channel> a&b\nnext \u001b[31mline", evidence: [] };
  told.tell("failure", { record: { ...record, outcome: "failed", failure } });
  await told.close();
  expect(posts.map(({ body }) => body)).toEqual([
    {
      text: "prod: the roll to 1.1.0-bbbbbbbbbbbb failed after 24.1 s; 48,112 requests, 0 lost: app-1 failed: &lt;!channel&gt; a&amp;b next line",
    },
  ]);
});

test("a webhook gets only its events, and each once", async () => {
  const { posts, url } = await hook(200);
  const { notifier: told } = notifier({ url, events: ["rollback"] });
  told.tell("start", { record });
  told.tell("rollback", { record }, "app-1: back to 1.0.0-aaaaaaaaaaaa");
  told.tell("rollback", { record }, "app-2: back to 1.0.0-aaaaaaaaaaaa");
  await told.close();
  expect(posts.map(({ body }) => Object(body).text)).toEqual([
    "prod: the roll to 1.1.0-bbbbbbbbbbbb goes back: app-1: back to 1.0.0-aaaaaaaaaaaa",
  ]);
});

test("what a roll is about is said in plain words", () => {
  const first = { ...record, hosts: [{ name: "app-1", to: record.release }] };
  expect(textOf("start", { record })).toBe(
    "prod: ann@build-1 (pid 4711) is rolling from 1.0.0-aaaaaaaaaaaa to 1.1.0-bbbbbbbbbbbb",
  );
  const again = {
    ...record,
    ledger: [],
    hosts: [{ name: "app-1", from: record.release, to: record.release }],
  };
  expect(textOf("start", { record: again })).toBe(
    "prod: ann@build-1 (pid 4711) is restarting 1.1.0-bbbbbbbbbbbb",
  );
  expect(textOf("success", { record: again })).toBe("prod: restarted 1.1.0-bbbbbbbbbbbb in 24.1 s");
  expect(textOf("success", { record: first })).toMatch(/^prod: rolled to 1\.1\.0-bbbbbbbbbbbb in 24\.1 s; /);
  expect(textOf("start", { record: first })).toBe(
    "prod: ann@build-1 (pid 4711) is rolling to 1.1.0-bbbbbbbbbbbb",
  );
});

describe("delivery", () => {
  test("is tried once more", async () => {
    const { posts, url } = await hook(503, 200);
    const { notifier: told, warnings } = notifier({ url });
    told.tell("success", { record });
    await told.close();
    expect(posts).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  test.each([404, 302])(
    "that is answered with %i costs one warning for all events, without the secret path",
    async (status) => {
      const { posts, url, origin } = await hook(status);
      const other = await hook(200);
      const { notifier: told, warnings } = notifier({ url }, { url: other.url });
      told.tell("start", { record });
      told.tell("success", { record });
      await told.close();
      expect(posts).toHaveLength(3);
      expect(posts.every((post) => post.url === SECRET)).toBe(true);
      expect(other.posts).toHaveLength(2);
      expect(warnings).toEqual([
        `${origin} was not told about the start of this roll: it answered ${status}`,
      ]);
    },
  );

  test("to a server that does not answer is given up", async () => {
    const origin = await listening(createTcpServer((socket) => void socket.on("error", () => {})));
    const { notifier: told, warnings } = notifier({ url: `${origin}${SECRET}` });
    told.tell("success", { record });
    const began = performance.now();
    await told.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(warnings).toEqual([
      `${origin} was not told about the success of this roll: no answer within 0.3 s`,
    ]);
  });

  test("to where nobody listens costs one warning", async () => {
    const { notifier: told, warnings } = notifier({ url: `http://127.0.0.1:1${SECRET}` });
    told.tell("failure", { record });
    await told.close();
    expect(warnings).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:1 was not told about the failure.*ECONNREFUSED/),
    ]);
    expect(warnings.join()).not.toContain("XXXX");
  });
});
