import { describe, expect, test } from "vitest";
import { slotsOf, type TwoSlots } from "#rollout/host/slots.ts";
import { drainPools } from "#rollout/nginx/drainPools.ts";
import { hostsInARow, twoSlotsInARow } from "../../../support/nginx.ts";

/** The members of each upstream, by name. */
function served(hosts: readonly TwoSlots[]): string[] {
  return drainPools(hosts).map(({ members }) => members.map(({ name }) => name).join());
}

test.each([
  [1, 0],
  [2, 2],
  [3, 6],
  [4, 14],
  [5, 30],
  [6, 62],
  [7, 126],
  [8, 254],
])("of %d hosts, any combination but all can be drained: %d pools", (size, pools) => {
  expect(drainPools(hostsInARow(size))).toHaveLength(pools);
});

test.each([
  [1, 2],
  [2, 14],
  [3, 62],
  [4, 254],
])("of %d hosts with two slots, any combination of slots but all can be drained: %d pools", (size, pools) => {
  expect(drainPools(twoSlotsInARow(size))).toHaveLength(pools);
});

test.each([9, 10, 50])("of %d hosts, drain groups serve every combination", (size) => {
  expect(drainPools(hostsInARow(size))).toEqual([]);
});

test.each([5, 9, 50])("%d hosts that all serve from one slot each have an upstream", (size) => {
  const hosts = twoSlotsInARow(size);
  const bases = [1, 0].map((which) => hosts.map((host) => slotsOf(host)[which]?.name ?? "").join());
  expect(served(hosts).sort()).toEqual(bases.sort());
});

test("a host with one slot stays in while the others serve from their second", () => {
  const [one, ...others] = hostsInARow(9);
  const hosts = [
    ...(one ? [one] : []),
    ...others.map((host) => ({ ...host, second: { address: "127.0.0.1", port: 1 } })),
  ];
  expect(served(hosts)).toContain(["app-1", ...others.map(({ name }) => `${name}_b`)].join());
});

test("a pool is named after the positions of missing hosts, and contains the others in order", () => {
  const [one, two, three] = hostsInARow(3);
  expect(drainPools(hostsInARow(3))).toEqual([
    { name: "drained_1", without: ["app-1"], members: [two, three] },
    { name: "drained_2", without: ["app-2"], members: [one, three] },
    { name: "drained_3", without: ["app-3"], members: [one, two] },
    { name: "drained_1_2", without: ["app-1", "app-2"], members: [three] },
    { name: "drained_1_3", without: ["app-1", "app-3"], members: [two] },
    { name: "drained_2_3", without: ["app-2", "app-3"], members: [one] },
  ]);
});

test("a slot of a host with two is a member under its own name", () => {
  const first = { name: "app-1", address: "127.0.0.1", port: 8081 };
  const second = { name: "app-1_b", address: "127.0.0.1", port: 8082 };
  expect(drainPools(twoSlotsInARow(1))).toEqual([
    { name: "drained_1", without: ["app-1"], members: [second] },
    { name: "drained_2", without: ["app-1_b"], members: [first] },
  ]);
});

const FLEETS = [2, 5, 9, 12, 23].flatMap((size) => [
  { title: `${size} hosts`, hosts: hostsInARow(size) },
  { title: `${size} hosts with two slots`, hosts: twoSlotsInARow(size) },
]);
describe.each(FLEETS)("with $title", ({ hosts }) => {
  test("no two pools have the same name or lack the same slots", () => {
    const pools = drainPools(hosts);
    expect(new Set(pools.map(({ name }) => name)).size).toBe(pools.length);
    expect(new Set(pools.map(({ without }) => without.join())).size).toBe(pools.length);
  });

  test("every slot is either in a pool or missing from it, and no pool is empty", () => {
    for (const { without, members } of drainPools(hosts)) {
      expect(members.length).toBeGreaterThan(0);
      expect([...without, ...members.map(({ name }) => name)].sort()).toEqual(
        hosts
          .flatMap(slotsOf)
          .map(({ name }) => name)
          .sort(),
      );
    }
  });
});
