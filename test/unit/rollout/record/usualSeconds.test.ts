import { expect, test } from "vitest";
import type { RollRecord } from "../../../../rollout/record/rollRecord.ts";
import { usualSeconds } from "../../../../rollout/record/usualSeconds.ts";
import { SHORT_RECORD } from "../../../support/shortRecord.ts";

function roll(durationSeconds: number, change: Partial<RollRecord> = {}): RollRecord {
  return { ...SHORT_RECORD, durationSeconds, ...change };
}

test("the time is that of the last three rolls, in the middle", () => {
  expect(usualSeconds([roll(22), roll(90.2), roll(24.4), roll(500)], 2)).toBe(
    "about 24 s, as the last 3 rolls took",
  );
  expect(usualSeconds([roll(22)], 2)).toBe("about 22 s, as the last roll took");
  expect(usualSeconds([], 2)).toBe("");
});

test("rolls of another kind say nothing about the next one", () => {
  const [one, two] = [
    { name: "app-1", from: "1.1.0", to: "1.1.0" },
    { name: "app-2", to: "1.1.0" },
  ];
  const others = [
    roll(1, { outcome: "failed" }),
    roll(2, { hosts: [{ name: "app-1", from: "1.0.0", to: "1.1.0" }] }),
    roll(3, { hosts: [one, { ...two, from: "1.0.0" }] }),
    roll(4, { hosts: [{ ...one, from: "1.0.0" }, two] }),
  ];
  expect(usualSeconds(others, 2)).toBe("");
});
