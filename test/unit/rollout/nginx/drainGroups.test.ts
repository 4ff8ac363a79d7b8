import { describe, expect, test } from "vitest";
import { drainGroups } from "#rollout/nginx/drainGroups.ts";
import { hostsInARow, twoSlotsInARow } from "../../../support/nginx.ts";

test.each([
  ["8 hosts", hostsInARow(8)],
  ["4 hosts with two slots", twoSlotsInARow(4)],
])("%s need no groups, since there is an upstream for every combination", (_, hosts) => {
  expect(drainGroups(hosts)).toEqual([]);
});

const sizes = Array.from({ length: 50 }, (_, index) => index + 1);
const mixed = (size: number) => [
  ...hostsInARow(size).slice(0, size / 2),
  ...twoSlotsInARow(size).slice(size / 2),
];

describe.each([
  ["hosts with one slot", sizes.filter((size) => size > 8).map((size) => hostsInARow(size))],
  ["hosts with two slots", sizes.filter((size) => size > 4).map((size) => twoSlotsInARow(size))],
  ["hosts of both sorts", sizes.filter((size) => size > 6).map(mixed)],
])("%s, up to 50", (_, fleets) => {
  test("are each in one group, in order, and never alone in it", () => {
    for (const hosts of fleets) {
      const groups = drainGroups(hosts);
      expect(groups.flatMap((group) => group.hosts)).toEqual(hosts);
      for (const group of groups) expect(group.hosts.length).toBeGreaterThan(1);
    }
  });

  test("need no more than 600 upstreams", () => {
    for (const hosts of fleets) {
      const upstreams = drainGroups(hosts).flatMap((group) => group.upstreams);
      expect(upstreams.length).toBeLessThanOrEqual(600);
    }
  });
});

test("a group has an upstream for every combination of its slots, named after which of them are in it", () => {
  const [group] = drainGroups(twoSlotsInARow(6));
  expect(group?.slots.map(({ name }) => name)).toEqual(["app-1", "app-1_b", "app-2", "app-2_b"]);
  const members = Object.fromEntries(
    group?.upstreams.map(({ name, members }) => [name, members.map((slot) => slot.name).join()]) ?? [],
  );
  expect(Object.keys(members)).toHaveLength(15);
  expect(members).toMatchObject({
    group_1_0001: "app-2_b",
    group_1_1000: "app-1",
    group_1_0110: "app-1_b,app-2",
    group_1_1111: "app-1,app-1_b,app-2,app-2_b",
  });
});
