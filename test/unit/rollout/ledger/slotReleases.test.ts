import { expect, test } from "vitest";
import { SlotReleases } from "#rollout/ledger/slotReleases.ts";

test("a request belongs to what its slot ran, before the drain and after the admission", () => {
  const releases = new SlotReleases();
  releases.seen("app-1", "1.0.0");
  releases.drains("app-1", 10_000);
  releases.admits("app-1", "1.1.0", 14_000);
  expect([0, 10_500, 13_500, 20_000].map((at) => releases.at("app-1", at))).toEqual([
    "1.0.0",
    "1.0.0",
    "1.1.0",
    "1.1.0",
  ]);
});

test("a slot that took no traffic before belongs to its first release from the beginning", () => {
  const releases = new SlotReleases();
  releases.admits("app-1_b", "1.1.0", 14_000);
  expect(releases.at("app-1_b", 13_000)).toBe("1.1.0");
  expect(releases.at("app-1", 13_000)).toBeUndefined();
});

test("a way back is another change", () => {
  const releases = new SlotReleases();
  releases.seen("app-1", "1.0.0");
  releases.drains("app-1", 10_000);
  releases.admits("app-1", "1.1.0", 14_000);
  releases.drains("app-1", 20_000);
  releases.admits("app-1", "1.0.0", 24_000);
  expect([9_000, 15_000, 25_000].map((at) => releases.at("app-1", at))).toEqual(["1.0.0", "1.1.0", "1.0.0"]);
});
