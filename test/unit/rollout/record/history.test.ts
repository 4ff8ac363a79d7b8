import { expect, test } from "vitest";
import { entriesIn, historyEntry, mergeHistory } from "#rollout/record/history.ts";
import type { RollRecord } from "#rollout/record/rollRecord.ts";
import { SHORT_RECORD } from "../../../support/shortRecord.ts";

const record: RollRecord = {
  ...SHORT_RECORD,
  durationSeconds: 31.4,
  hosts: [
    { name: "app-1", from: "1.0.0-aaaaaaaaaaaa", to: "1.1.0-bbbbbbbbbbbb" },
    { name: "app-2", from: "1.0.0-aaaaaaaaaaaa", to: "1.1.0-bbbbbbbbbbbb" },
    { name: "app-3", to: "1.2.0-cccccccccccc" },
  ],
};

function entry(id: string, more: object = {}) {
  return { ...historyEntry({ record: { ...record, id } }), ...more };
}

test("an entry names each release once, and leaves out what is not known", () => {
  expect(historyEntry({ record })).toEqual({
    id: record.id,
    began: record.began,
    owner: record.owner,
    from: "1.0.0-aaaaaaaaaaaa",
    to: "1.1.0-bbbbbbbbbbbb, 1.2.0-cccccccccccc",
    seconds: 31.4,
    outcome: "succeeded",
  });
  const { durationSeconds: _, ...killed } = record;
  expect(historyEntry({ record: { ...killed, outcome: "killed" }, report: "/srv/x.html" })).toMatchObject({
    outcome: "killed",
    report: "/srv/x.html",
  });
});

test("an entry counts what nginx saw since the roll began, not what came before", () => {
  const second = Math.floor(Date.parse(record.began) / 1000);
  const row = (at: number, requests: number, lost: number) => ({
    second: at,
    requests,
    lost,
    errors: 0,
    cut: 0,
    retries: 0,
    bytes: 0,
    latency: {},
  });
  const ledger = [row(second - 1, 100, 9), row(second, 10, 1), row(second + 30, 20, 2)];
  expect(historyEntry({ record: { ...record, ledger } })).toMatchObject({ requests: 30, lost: 3 });
  const { lost } = historyEntry({ record: { ...record, ledger, changesFrom: second + 30 } });
  expect(lost).toBe(2);
  expect(historyEntry({ record: { ...record, ledger: [] } })).toMatchObject({ requests: 0, lost: 0 });
});

test("lists are merged by roll, newest first, and the first list wins", () => {
  const known = [entry("20260101-000000-0001", { outcome: "rolling" }), entry("20260103-000000-0003")];
  const better = [entry("20260101-000000-0001", { outcome: "killed" }), entry("20260102-000000-0002")];
  expect(mergeHistory(better, known).map(({ id, outcome }) => [id.slice(-4), outcome])).toEqual([
    ["0003", "succeeded"],
    ["0002", "succeeded"],
    ["0001", "killed"],
  ]);
});

test("what is no entry in a recorded history is left out", () => {
  expect(entriesIn(undefined)).toEqual([]);
  expect(entriesIn([null, "text", { id: 7 }, entry("20260101-000000-0001")])).toEqual([
    entry("20260101-000000-0001"),
  ]);
});
