import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { redactor } from "#rollout/common/redact.ts";
import { Recorder } from "#rollout/record/recorder.ts";
import { RecordFolder } from "#rollout/record/recordFolder.ts";
import { inRepository } from "../../../../tools/inRepository.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const facts = {
  stack: "dev",
  owner: "ann@build-1 (pid 4711)",
  release: "1.1.0-bbbbbbbbbbbb",
  hosts: [
    { name: "app-1", to: "1.1.0-bbbbbbbbbbbb" },
    { name: "app-2", to: "1.1.0-bbbbbbbbbbbb" },
  ],
  settings: { soakSeconds: 5, arguments: ["--password=hunter2"] },
};
const result = {
  release: facts.release,
  rolled: [],
  durationSeconds: 3.2,
  warnings: ["app-1 passed hunter2"],
};
const redact = redactor(["hunter2"]);

/** A recorder of a stack that writes into a folder, and its warnings. */
async function record(folder: string | undefined, more: object = {}) {
  const warnings: string[] = [];
  const options = { redact, warn: (message: string) => void warnings.push(message) };
  const recorder = await Recorder.start(
    { ...facts, ...more },
    folder === undefined ? options : { folder, ...options },
  );
  return { recorder, warnings };
}

async function newFolder(): Promise<string> {
  return join(await temporaryDirectory(), "dev", "reports");
}

async function linesIn(folder: string, id: string) {
  const text = await readFile(join(folder, `${id}.jsonl`), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const started = { host: "app-1", phase: "start", message: facts.release, elapsedSeconds: 0.5 } as const;

test("a roll that succeeds leaves its steps as lines, and its record as JSON and as a page, which only its owner may read", async () => {
  const folder = await newFolder();
  const { recorder, warnings } = await record(folder);
  recorder.before({ "app-1": "1.0.0-aaaaaaaaaaaa" });
  recorder.report({ ...started, elapsedSeconds: 0.50049999 });
  recorder.report({ ...started, phase: "health", message: "UP", milliseconds: 2100 });
  const { record: kept, report } = await recorder.succeeded(result);

  expect(recorder.id).toMatch(/^\d{8}-\d{6}-[0-9a-f]{4}$/);
  expect(kept).toEqual({
    ...facts,
    format: 1,
    id: recorder.id,
    began: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    outcome: "succeeded",
    durationSeconds: 3.2,
    hosts: [{ name: "app-1", from: "1.0.0-aaaaaaaaaaaa", to: facts.release }, facts.hosts[1]],
    reports: [started, { ...started, phase: "health", message: "UP", milliseconds: 2100 }],
    warnings: ["app-1 passed [secret]"],
    settings: { soakSeconds: 5, arguments: ["--password=[secret]"] },
  });
  expect(JSON.parse(await readFile(join(folder, `${recorder.id}.json`), "utf8"))).toEqual(kept);
  expect(report).toBe(join(folder, `${recorder.id}.html`));
  expect(await readFile(report ?? "", "utf8")).toMatch(/^<!doctype html>/);
  expect(await linesIn(folder, recorder.id)).toMatchObject([
    { event: "start", id: recorder.id },
    { event: "before", releases: { "app-1": "1.0.0-aaaaaaaaaaaa" } },
    { event: "report", phase: "start" },
    { event: "report", phase: "health" },
    { event: "outcome", outcome: "succeeded" },
  ]);
  expect(await new RecordFolder(folder).newest(10, "dev")).toEqual([{ record: kept, report }]);
  const modes = await Promise.all(
    ["", ...(await readdir(folder))].map(async (name) =>
      ((await stat(join(folder, name))).mode & 0o777).toString(8),
    ),
  );
  expect(new Set(modes.slice(1))).toEqual(new Set(["600"]));
  expect(modes[0]).toBe("700");
  expect(warnings).toEqual([]);
});

test("a roll that fails leaves its failure and the lines that explain it, without secrets", async () => {
  const folder = await newFolder();
  const { recorder } = await record(folder);
  const { record: kept } = await recorder.failed(
    new RollFailed("app-1 failed its health gate: hunter2", ["Error: hunter2 is wrong"]),
  );
  expect(kept).toMatchObject({
    outcome: "failed",
    durationSeconds: expect.any(Number),
    failure: { message: "app-1 failed its health gate: [secret]", evidence: ["Error: [secret] is wrong"] },
  });
  const text = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
  expect(text.join()).not.toContain("hunter2");
});

test("what nginx counted is part of the record, whether or not the roll failed", async () => {
  const counts = { requests: 2, lost: 0, errors: 1, cut: 0, retries: 0, bytes: 9, latency: { 3: 2 } };
  const ledger = [{ second: 1764217092, slot: "app-1", release: facts.release, ...counts }];
  for (const end of [
    (recorder: Recorder) => recorder.succeeded(result),
    (recorder: Recorder) => recorder.failed(new Error("it failed")),
  ]) {
    const folder = await newFolder();
    const { recorder } = await record(folder);
    const paths = [{ path: "/orders/hunter2", lost: 0, errors: 1 }];
    recorder.counted({ ledger, changesFrom: 1764217090, paths });
    const shown = [{ path: "/orders/[secret]", lost: 0, errors: 1 }];
    expect((await end(recorder)).record).toMatchObject({ ledger, changesFrom: 1764217090, paths: shown });
    expect((await new RecordFolder(folder).newest(1, "dev"))[0]?.record.ledger).toEqual(ledger);
  }
});

test("only the first outcome of a roll counts", async () => {
  const folder = await newFolder();
  const { recorder } = await record(folder);
  await recorder.succeeded(result);
  expect((await recorder.failed(new Error("too late"))).record.outcome).toBe("succeeded");
  expect(await linesIn(folder, recorder.id)).toHaveLength(2);
});

test("line breaks, control characters and half characters in a message stay on one line", async () => {
  const folder = await newFolder();
  const { recorder } = await record(folder);
  const message = 'a\nb\u2028c\u0000 "quoted" \u001b[31m </script> \ud83d';
  recorder.report({ ...started, message });
  const { record: kept } = await recorder.succeeded(result);
  expect(kept.reports[0]?.message).toBe(message);
  expect((await linesIn(folder, recorder.id))[1]).toMatchObject({ message });
});

test("the next roll of a stack finishes one whose process was killed, even in the middle of a line", async () => {
  const folder = await newFolder();
  const script = `
    import { Recorder } from ${JSON.stringify(inRepository("rollout/record/recorder.ts"))};
    const options = { folder: ${JSON.stringify(folder)}, redact: (text) => text, warn: console.error };
    const recorder = await Recorder.start(${JSON.stringify(facts)}, options);
    recorder.before({ "app-1": "1.0.0-aaaaaaaaaaaa" });
    recorder.report({ phase: "drain", message: "no new requests", elapsedSeconds: 1 });
    setTimeout(() => console.log(recorder.id), 100);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { cwd: inRepository() });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = await once(child.stdout, "data");
  const id = String(said).trim();
  const file = join(folder, `${id}.jsonl`);

  const { recorder: meanwhile } = await record(folder);
  expect(await linesIn(folder, id)).toHaveLength(3);
  await meanwhile.succeeded(result);

  child.kill("SIGKILL");
  await once(child, "close");
  const folderOf = new RecordFolder(folder);
  expect((await folderOf.newest(10)).map(({ record: { outcome } }) => outcome)).toEqual([
    "succeeded",
    "killed",
  ]);
  await writeFile(file, '{"event":"report","mess', { flag: "a" });
  const { recorder: other } = await record(folder, { stack: "prod" });
  await other.succeeded(result);
  expect((await readFile(file, "utf8")).endsWith("mess")).toBe(true);

  const { recorder: next } = await record(folder);
  await next.succeeded(result);
  const lastLine = (await readFile(file, "utf8")).trimEnd().split("\n").at(-1) ?? "";
  expect(JSON.parse(lastLine)).toEqual({ event: "outcome", outcome: "killed", warnings: [] });
  const killed = JSON.parse(await readFile(join(folder, `${id}.json`), "utf8"));
  expect(killed).toMatchObject({
    id,
    outcome: "killed",
    hosts: [{ name: "app-1", from: "1.0.0-aaaaaaaaaaaa" }, { name: "app-2" }],
    reports: [{ phase: "drain" }],
  });
  expect(killed).not.toHaveProperty("durationSeconds");
  const newest = await new RecordFolder(folder).newest(10, "dev");
  expect(newest.map(({ record: { outcome } }) => outcome).sort()).toEqual([
    "killed",
    "succeeded",
    "succeeded",
  ]);
});

test("a roll that seemed killed, but was not, has the outcome that it writes itself", async () => {
  const folder = await newFolder();
  const { recorder } = await record(folder);
  const file = join(folder, `${recorder.id}.jsonl`);
  await expect.poll(() => readFile(file, "utf8")).toContain("\n");
  await writeFile(file, `${JSON.stringify({ event: "outcome", outcome: "killed", warnings: [] })}\n`, {
    flag: "a",
  });
  await recorder.succeeded(result);
  expect(await new RecordFolder(folder).newest(1)).toMatchObject([{ record: { outcome: "succeeded" } }]);
});

test("only the last 50 rolls of a stack are kept, and nothing else is removed", async () => {
  const folder = await newFolder();
  await mkdir(folder, { recursive: true });
  const put = async (id: string, stack: string) => {
    const first = { event: "start", format: 1, id, began: "2020-01-01T00:00:00.000Z", ...facts, stack };
    const last = { event: "outcome", outcome: "succeeded", warnings: [] };
    await writeFile(join(folder, `${id}.jsonl`), `${JSON.stringify(first)}\n${JSON.stringify(last)}\n`);
    for (const ending of ["json", "html"]) await writeFile(join(folder, `${id}.${ending}`), "");
  };
  const ids = Array.from({ length: 51 }, (_, index) => `20200101-000000-${(index + 0x1000).toString(16)}`);
  for (const id of ids) await put(id, "dev");
  await put("20190101-000000-0000", "prod");
  await writeFile(join(folder, "notes.jsonl"), "mine");
  await mkdir(join(folder, "20180101-000000-0000.jsonl"));
  const { recorder } = await record(folder);
  await recorder.succeeded(result);
  const names = await readdir(folder);
  expect(ids.filter((id) => !names.includes(`${id}.jsonl`))).toEqual(ids.slice(0, 2));
  expect(ids.filter((id) => !names.includes(`${id}.html`))).toEqual(ids.slice(0, 2));
  expect(names).toEqual(
    expect.arrayContaining(["notes.jsonl", "20190101-000000-0000.html", "20180101-000000-0000.jsonl"]),
  );
});

test("a folder that can't be made costs one warning, and the record is still known", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "file"), "");
  const { recorder, warnings } = await record(join(directory, "file", "reports"));
  recorder.report(started);
  const { record: kept, report } = await recorder.succeeded(result);
  expect(kept).toMatchObject({ outcome: "succeeded", reports: [started] });
  expect(report).toBeUndefined();
  expect(warnings).toEqual([
    expect.stringMatching(/^this roll leaves no complete record in reports: ENOTDIR: not a directory/),
  ]);
});

test("a folder that goes away during a roll costs one warning", async () => {
  const folder = await newFolder();
  const { recorder, warnings } = await record(folder);
  await rm(folder, { recursive: true });
  recorder.report(started);
  expect(await recorder.succeeded(result)).not.toHaveProperty("report");
  expect(warnings).toEqual([expect.stringContaining("ENOENT")]);
});

test("without a folder, a record is made and not written", async () => {
  const { recorder, warnings } = await record(undefined);
  recorder.report(started);
  expect(await recorder.succeeded(result)).toEqual({
    record: expect.objectContaining({ reports: [started] }),
  });
  expect(warnings).toEqual([]);
});

test("damaged files in the folder are passed over", async () => {
  const folder = await newFolder();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "20200101-000000-0001.jsonl"), "");
  await writeFile(join(folder, "20200101-000000-0002.jsonl"), '{"event":"start"}\nnull\n[]\n');
  await mkdir(join(folder, "20200101-000000-0003.jsonl"));
  const { recorder, warnings } = await record(folder);
  await recorder.succeeded(result);
  expect(await new RecordFolder(folder).newest(10)).toHaveLength(1);
  expect(warnings).toEqual([]);
});
