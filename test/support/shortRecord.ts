import type { RollRecord } from "#rollout/record/rollRecord.ts";

/** The record of a roll in which little is told. */
export const SHORT_RECORD: RollRecord = {
  format: 1,
  id: "20261127-041512-9f3c",
  owner: "ann@build-1 (pid 4711)",
  began: "2026-11-27T04:15:12.500Z",
  durationSeconds: 24.1,
  outcome: "succeeded",
  release: "1.1.0-bbbbbbbbbbbb",
  hosts: ["app-1", "app-2"].map((name) => ({ name, from: "1.0.0-aaaaaaaaaaaa", to: "1.1.0-bbbbbbbbbbbb" })),
  reports: [],
  warnings: [],
  settings: {},
};
