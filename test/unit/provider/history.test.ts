import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, expect, test, vi } from "vitest";
import type { Olds } from "#kinds/change.ts";
import { create, diff, update } from "#provider/deployment.ts";
import { RollFailed } from "#rollout/common/errors.ts";
import { notifyEvents } from "#rollout/request/notify.ts";
import { CHECK } from "../../support/askedServers.ts";
import { serveHttp } from "../../support/httpServer.ts";
import { newStack } from "../../support/recordedStack.ts";
import { validRequest } from "../../support/rollRequest.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "log").mockImplementation((line) => void printed.push(String(line)));
  return () => vi.restoreAllMocks();
});

test("a roll ends with the path of its report, which is an output like the last rolls", async () => {
  const { hosts, kinds, reports, inputs } = await newStack();
  const news = await inputs("1.0.0");
  const { outs } = await create(news, kinds);
  const { report, history } = outs;
  const [entry] = Array.isArray(history) ? history : [];
  expect(entry).toEqual({
    id: expect.stringMatching(/^\d{8}-\d{6}-[0-9a-f]{4}$/),
    began: expect.stringMatching(/^\d{4}-/),
    owner: expect.stringMatching(/@.* \(pid \d+\)$/),
    to: hosts.release,
    seconds: 1.5,
    outcome: "succeeded",
    report,
  });
  expect(String(report).startsWith(`${reports}/${entry.id}.`)).toBe(true);
  expect(printed.at(-1)).toMatch(/^\[ +\d\.\d s\] fleet +report +\//);
  expect(printed.at(-1)?.endsWith(` ${report}`)).toBe(true);
  expect(await readFile(String(report), "utf8")).toContain(hosts.release);

  const first = hosts.release;
  const second = await update({ olds: outs, news: await inputs("1.1.0") }, kinds);
  expect(second.outs.history).toMatchObject([{ from: first, to: hosts.release }, { id: entry.id }]);
});

test("what a roll says of a check shows where it asked, but neither the rest of the URL nor headers", async () => {
  const url = "https://smoke.example.com/s3cret-path?key=1";
  const analysisChecks = [
    { ...CHECK, url, headers: { authorization: "Bearer s3cret-1" } },
    { ...CHECK, prometheus: "http://prometheus:9090", query: "up", max: 1, headers: { "x-key": "s3cret-2" } },
  ].map((check) => ({ ...check, intervalSeconds: 5 }));
  const timing = { ...validRequest().timing, soakSeconds: 5 };
  const { hosts, kinds, reports, inputs } = await newStack({ analysisChecks, timing });
  hosts.during = () => {
    const said = `${url} with Bearer s3cret-1, or s3cret-2, and http://prometheus:9090`;
    throw new RollFailed(`app-1 failed its soak gate: ${said}`, [said]);
  };
  const error: unknown = await create(await inputs("1.0.0"), kinds).catch((thrown: unknown) => thrown);
  const { properties, reasons } = Object(error);
  const { analysisChecks: _, ...told } = properties;
  const names = await readdir(reports);
  const texts = await Promise.all(names.map((name) => readFile(join(reports, name), "utf8")));
  const all = [JSON.stringify(told), ...reasons, ...texts, ...printed].join();
  expect(all).not.toContain("s3cret");
  expect(all).toContain("soak gate: [secret] with [secret], or [secret], and http://prometheus:9090");
});

test("a roll that fails records that, and what it puts out tells of it without secrets", async () => {
  const { hosts, kinds, reports, inputs } = await newStack();
  let { outs } = await create(await inputs("1.0.0"), kinds);
  hosts.during = () => {
    throw new RollFailed("app-1 failed its health gate: hunter2", ["Error: hunter2, before: hunter1"]);
  };
  const news = await inputs("2.0.0");
  outs = { ...outs, environment: { PASSWORD: "hunter1" } };
  const error: unknown = await update({ olds: outs, news }, kinds).catch((thrown: unknown) => thrown);
  const { properties } = Object(error);
  expect(properties.history).toMatchObject([{ outcome: "failed" }, { outcome: "succeeded" }]);
  expect(printed.at(-1)?.endsWith(` ${properties.report}`)).toBe(true);
  const { environment: _, ...told } = properties;
  const texts = await Promise.all(
    (await readdir(reports)).map((name) => readFile(join(reports, name), "utf8")),
  );
  expect([JSON.stringify(told), ...Object(error).reasons, ...texts, ...printed].join()).not.toMatch(
    /hunter[12]/,
  );
});

test("the last rolls are known, too, where the folder does not last, and there are no more than ten", async () => {
  const { kinds, reports, inputs } = await newStack();
  let outs: Olds = {};
  const news = await inputs("1.0.0");
  for (let roll = 0; roll < 12; roll++) {
    outs = (await update({ olds: outs, news }, kinds)).outs;
    if (roll === 5) await rm(reports, { recursive: true });
  }
  const ids = Array.isArray(outs.history) ? outs.history.map(({ id }) => id) : [];
  expect(ids).toHaveLength(10);
  expect(ids).toEqual(ids.toSorted().reverse());
  expect(new Set(ids).size).toBe(10);
});

test("what is wrong with the recorded history or the folder costs no roll", async () => {
  const { hosts, kinds, reports, inputs } = await newStack();
  const news = await inputs("1.0.0");
  await mkdir(join(reports, ".."), { recursive: true });
  await writeFile(reports, "a file by now");
  const { outs } = await update({ olds: { history: [null, 7, { id: 3 }] }, news }, kinds);
  expect(outs.report).toBeNull();
  expect(outs.history).toMatchObject([{ to: hosts.release, outcome: "succeeded" }]);
  expect(printed.filter((line) => line.includes("warning"))).toEqual([
    expect.stringContaining("this roll leaves no complete record in reports: "),
    expect.stringContaining("earlier rolls can't be read from reports: "),
  ]);
});

test("a stack without the setting has no report and no history, which a preview knows, and writes nothing", async () => {
  const { kinds, reports, inputs } = await newStack();
  const { reports: _, ...news } = await inputs("1.0.0");
  const { outs } = await create(news, kinds);
  expect(outs).toMatchObject({ report: null, history: null });
  await expect(readdir(reports)).rejects.toThrow("ENOENT");
});

test("webhooks hear of start, way back and failure before the roll ends, and their URLs are never shown", async () => {
  const posts: string[] = [];
  const { port } = await serveHttp(async (request, response) => {
    posts.push(await text(request));
    response.end();
  });
  const url = `http://127.0.0.1:${port}/services/XXXX`;
  const dead = "http://127.0.0.1:1/services/YYYY";
  const notify = [url, dead].map((each) => ({ url: each, events: [...notifyEvents], format: "json" }));
  const { hosts, kinds, inputs } = await newStack({ notify });
  hosts.release = "1.0.0-aaaaaaaaaaaa";
  hosts.during = ({ reporter }) => {
    for (const host of ["app-1", "app-2"])
      reporter({ phase: "restore", host, message: "back to 1.0.0 with hunter2", elapsedSeconds: 1 });
    throw new RollFailed(`app-1 failed: could not call ${url}`, []);
  };
  const error: unknown = await create(await inputs("2.0.0"), kinds).catch((thrown: unknown) => thrown);
  expect(posts.map((post) => JSON.parse(post))).toMatchObject([
    { event: "start", outcome: "rolling", hosts: [{ from: "1.0.0-aaaaaaaaaaaa" }] },
    {
      event: "rollback",
      outcome: "rolling",
      text: expect.stringContaining("app-1: back to 1.0.0 with [secret]"),
    },
    { event: "failure", outcome: "failed", failure: { message: "app-1 failed: could not call [secret]" } },
  ]);
  const { properties, reasons, message } = Object(error);
  expect(printed.filter((line) => line.includes("http://127.0.0.1:1 was not told"))).toHaveLength(1);
  const { notify: _, ...told } = properties;
  expect([...printed, ...reasons, message, JSON.stringify(told)].join()).not.toMatch(/XXXX|YYYY/);
  expect(printed.at(-1)).toContain(" report ");
});

test("a collector that refuses costs one warning, before the last line", async () => {
  const { port } = await serveHttp((_, response) => void response.writeHead(400).end());
  const traceCollector = `http://127.0.0.1:${port}`;
  const { hosts, kinds, inputs } = await newStack({ traceCollector });
  const { outs } = await create(await inputs("1.0.0"), kinds);
  expect(outs.history).toMatchObject([{ to: hosts.release, outcome: "succeeded" }]);
  expect(printed.at(-2)).toContain(`${traceCollector} did not get the spans of this roll: `);
  expect(printed.at(-1)).toContain(" report ");
});

test("a change of the folder or of the webhooks is no roll", async () => {
  const { inputs } = await newStack();
  const olds = await inputs("1.0.0");
  expect(await diff({ olds, news: { ...olds, reports: "/srv/elsewhere" } })).toEqual({ changes: false });
  expect(await diff({ olds, news: { ...olds, notify: [] } })).toEqual({ changes: false });
});

test("a folder that can't be made is rejected in the preview", async () => {
  const file = join(await temporaryDirectory(), "file");
  await writeFile(file, "");
  const reasonFor = async (reports: string) =>
    (await (await newStack({ reports })).checked("1.0.0")).failures;
  const expected = {
    property: "reports",
    reason: `expected a folder, got a file: ${file}. Nothing was changed.`,
  };
  expect(await reasonFor(file)).toEqual([expected]);
  expect(await reasonFor(join(file, "deep", "er"))).toEqual([expected]);
  expect(await reasonFor("relative")).toEqual([
    { property: "reports", reason: 'expected an absolute path, got "relative". Nothing was changed.' },
  ]);
});

test("where reports are served, /status is told the address of the one to come", async () => {
  const { hosts, kinds, inputs } = await newStack({ reportsUrl: "https://ci.example.com/reports/" });
  const told: unknown[] = [];
  hosts.during = ({ id, reportUrl }) => void told.push({ id, reportUrl });
  const { history } = (await create(await inputs("1.0.0"), kinds)).outs;
  const [{ id }] = Array.isArray(history) ? history : [];
  expect(told).toEqual([{ id, reportUrl: `https://ci.example.com/reports/${id}.html` }]);
});
