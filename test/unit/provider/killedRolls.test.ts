import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { create } from "#provider/deployment.ts";
import { thisProcess } from "#rollout/lease/thisProcess.ts";
import { newStack } from "../../support/recordedStack.ts";

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

/** A server for webhooks and traces, and the events and the outcomes that it was told. */
async function listener() {
  const told: string[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    const outcome = /"rollgate.outcome","value":\{"stringValue":"(\w+)"/.exec(JSON.stringify(body))?.[1];
    told.push(outcome === undefined ? `${body.event}: ${body.text}` : `span: ${outcome}`);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${Object(server.address()).port}`;
  const events: readonly string[] = ["failure", "success"];
  return { told, settings: { notify: [{ url, events, format: "json" }], traceCollector: url } };
}

/** Leaves what a roll of the stack leaves that ended without a word. */
async function leaveUnfinished(reports: string, id: string, process: object, steps: readonly object[]) {
  const hosts = [{ name: "app-1", to: "1.1.0-bbbbbbbbbbbb" }];
  const known = {
    format: 1,
    id,
    stack: "dev",
    owner: "bo@build-2 (pid 7)",
    began: "2026-01-01T00:00:00.000Z",
  };
  const start = { event: "start", ...known, release: "1.1.0-bbbbbbbbbbbb", hosts, settings: {}, process };
  const lines = [start, ...steps.map((step) => ({ event: "report", elapsedSeconds: 1, ...step }))];
  await mkdir(reports, { recursive: true });
  await writeFile(join(reports, `${id}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

test("webhooks and the collector hear once of an earlier roll that was killed", async () => {
  const { told, settings } = await listener();
  const { kinds, reports, inputs } = await newStack(settings);
  const gone = { ...(await thisProcess()), startTicks: "0" };
  await leaveUnfinished(reports, "20260101-000000-0000", gone, [
    { phase: "start", host: "app-1", message: "1.1.0-bbbbbbbbbbbb at app-1_b" },
  ]);
  const news = await inputs("1.0.0");
  await create(news, kinds);
  expect(told.toSorted()).toEqual([
    "failure: dev: the roll to 1.1.0-bbbbbbbbbbbb by bo@build-2 (pid 7) was killed; its last step was app-1 start: 1.1.0-bbbbbbbbbbbb at app-1_b",
    "span: killed",
    "span: succeeded",
    expect.stringMatching(/^success: dev: /),
  ]);
  told.length = 0;
  await create(news, kinds);
  expect(told.toSorted()).toEqual(["span: succeeded", expect.stringMatching(/^success: dev: /)]);
});

test("a roll on another machine counts as killed only if it has lost the lease", async () => {
  const { told, settings } = await listener();
  const { hosts, kinds, reports, inputs } = await newStack(settings);
  const elsewhere = { seenFrom: "another kernel", pid: 7, startTicks: "7" };
  await leaveUnfinished(reports, "20260101-000000-0000", elsewhere, [
    { phase: "preflight", message: "ann@build-1 has been rolling this fleet since 00:00; waiting" },
  ]);
  await leaveUnfinished(reports, "20260101-000000-0001", elsewhere, [
    { phase: "stop", host: "app-1", message: "stopped" },
  ]);
  hosts.release = "1.0.0-aaaaaaaaaaaa";
  await create(await inputs("1.0.0"), kinds);
  expect(told.filter((line) => line.includes("killed")).toSorted()).toEqual([
    expect.stringMatching(/^failure: .* was killed; its last step was app-1 stop: stopped$/),
    "span: killed",
  ]);
});

test("a roll on another machine that came to its end while this one waited for the lease was not killed", async () => {
  const { told, settings } = await listener();
  const { hosts, kinds, reports, inputs } = await newStack(settings);
  const id = "20260101-000000-0000";
  await leaveUnfinished(reports, id, { seenFrom: "another kernel", pid: 7, startTicks: "7" }, [
    { phase: "stop", host: "app-1", message: "stopped" },
  ]);
  hosts.during = async ({ onFirstLook }) => {
    const end = { event: "outcome", outcome: "succeeded", warnings: [] };
    await appendFile(join(reports, `${id}.jsonl`), `${JSON.stringify(end)}\n`);
    onFirstLook?.({ "app-1": "1.1.0-bbbbbbbbbbbb" });
  };
  await create(await inputs("1.0.0"), kinds);
  expect(told.toSorted()).toEqual(["span: succeeded", expect.stringMatching(/^success: dev: /)]);
});
