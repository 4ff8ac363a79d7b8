import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import type { HistoryEntry } from "#rollout/record/history.ts";
import { Recorder } from "#rollout/record/recorder.ts";
import { historyFolder } from "../../../tools/historyFolder.ts";
import { historyTable } from "../../../tools/historyTable.ts";
import { inRepository } from "../../../tools/inRepository.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const entry: HistoryEntry = {
  id: "20261127-041512-9f3c",
  began: "2026-11-27T04:15:12.613Z",
  owner: "ann@build-1 (pid 4711)",
  from: "1.0.0-aaaaaaaaaaaa",
  to: "1.1.0-bbbbbbbbbbbb",
  seconds: 31.4,
  outcome: "succeeded",
  requests: 48_112,
  lost: 0,
  report: "/srv/shop/.rollgate/reports/dev/20261127-041512-9f3c.html",
};

test("rolls are shown as a table: when, who, from, to, how long, what was lost, how it ended, and where it says so", () => {
  vi.stubEnv("TZ", "UTC");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { from: _, seconds: __, requests: ___, lost: ____, report: _____, ...killed } = entry;
  const lines = historyTable(
    [
      entry,
      { ...killed, outcome: "killed" },
      { ...killed, owner: "bo\u001b[31m@build-22 (pid 12)", outcome: "rolling" },
    ],
    "/srv/shop",
  );
  expect(lines).toEqual([
    "began                by                    from                to                  took    lost         outcome    report",
    "2026-11-27 04:15:12  ann@build-1           1.0.0-aaaaaaaaaaaa  1.1.0-bbbbbbbbbbbb  31.4 s  0 of 48,112  succeeded  .rollgate/reports/dev/20261127-041512-9f3c.html",
    "2026-11-27 04:15:12  ann@build-1           -                   1.1.0-bbbbbbbbbbbb  -       -            killed     -",
    "2026-11-27 04:15:12  bo@build-22 (pid 12)  -                   1.1.0-bbbbbbbbbbbb  -       -            rolling    -",
  ]);
});

test("the folder is the one in the stack's file, or the default one", async () => {
  const project = await temporaryDirectory();
  await writeFile(join(project, "Pulumi.own.yaml"), "config:\n  rollgate:reports: ../elsewhere\n");
  await writeFile(join(project, "Pulumi.empty.yaml"), "");
  await writeFile(join(project, "Pulumi.off.yaml"), "config:\n  rollgate:reports: off\n");
  await writeFile(join(project, "Pulumi.bad.yaml"), "config: [\n");
  expect(await historyFolder(project, "own")).toBe(join(project, "..", "elsewhere"));
  for (const stack of ["empty", "none"])
    expect(await historyFolder(project, stack)).toBe(join(project, ".rollgate/reports", stack));
  await expect(historyFolder(project, "off")).rejects.toThrow("stack off keeps no records: reports is off");
  await expect(historyFolder(project, "bad")).rejects.toThrow(/Pulumi\.bad\.yaml is not valid YAML/);
});

test("the command lists a stack's rolls, also as JSON, and says so in one line if there are none", async () => {
  const stack = `test-${process.pid}`;
  const folder = inRepository(".rollgate", "reports", stack);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const run = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      inRepository("tools/history.ts"),
      ...args,
    ]);
    return stdout;
  };
  expect(await run("--stack", stack)).toBe(`No roll of stack ${stack} has left a record in ${folder}.\n`);
  expect(await run("--stack", stack, "--json")).toBe("[]\n");
  await mkdir(folder, { recursive: true });
  const hosts = [{ name: "app-1", to: entry.to }];
  const facts = { stack, owner: entry.owner, release: entry.to, hosts, settings: {} };
  const recorder = await Recorder.start(facts, { folder, redact: (text) => text, warn: () => {} });
  await recorder.succeeded({ release: entry.to, rolled: [], durationSeconds: 2, warnings: [] });
  expect((await run("--stack", stack)).split("\n")).toHaveLength(3);
  expect(JSON.parse(await run("-s", stack, "--json"))).toMatchObject([
    { id: recorder.id, outcome: "succeeded" },
  ]);
  await expect(run("--colour")).rejects.toThrow(
    /rollgate history: Unknown option '--colour'; expected npm run history -- \[--stack <stack>\] \[--json\]\n$/,
  );
});
