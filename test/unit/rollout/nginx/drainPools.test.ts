import { describe, expect, test } from "vitest";
import { drainPools } from "#rollout/nginx/drainPools.ts";

function fleet(size: number) {
  return Array.from({ length: size }, (_, index) => ({
    name: `app-${index + 1}`,
    address: "127.0.0.1",
    port: 8081 + index,
  }));
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
  expect(drainPools(fleet(size))).toHaveLength(pools);
});

test.each([
  [9, 9 + 36 + 84 + 126, 4],
  [10, 10 + 45 + 120, 3],
  [12, 12 + 66, 2],
  [22, 22 + 231, 2],
  [23, 23, 1],
  [50, 50, 1],
])("of %d hosts, as many can be drained as 256 pools allow, but at least one", (size, pools, most) => {
  const combinations = drainPools(fleet(size)).filter(({ without }) => without.length <= most);
  expect(combinations).toHaveLength(pools);
});

test.each([2, 9, 23, 50])("of %d hosts, a first deployment can admit one after another, in order", (size) => {
  const served = drainPools(fleet(size)).map(({ members }) => members.map(({ name }) => name).join());
  for (let admitted = 1; admitted < size; admitted++) {
    const first = fleet(size).slice(0, admitted);
    expect(served).toContain(first.map(({ name }) => name).join());
  }
});

test("a pool is named after the positions of missing hosts, and contains the others in order", () => {
  const [one, two, three] = fleet(3);
  expect(drainPools(fleet(3))).toEqual([
    { name: "drained_1", without: ["app-1"], members: [two, three] },
    { name: "drained_2", without: ["app-2"], members: [one, three] },
    { name: "drained_3", without: ["app-3"], members: [one, two] },
    { name: "drained_1_2", without: ["app-1", "app-2"], members: [three] },
    { name: "drained_1_3", without: ["app-1", "app-3"], members: [two] },
    { name: "drained_2_3", without: ["app-2", "app-3"], members: [one] },
  ]);
});

describe.each([2, 5, 9, 12, 23])("with %d hosts", (size) => {
  test("no two pools have the same name or lack the same hosts", () => {
    const pools = drainPools(fleet(size));
    expect(new Set(pools.map(({ name }) => name)).size).toBe(pools.length);
    expect(new Set(pools.map(({ without }) => without.join())).size).toBe(pools.length);
  });

  test("every host is either in a pool or missing from it, and no pool is empty", () => {
    for (const { without, members } of drainPools(fleet(size))) {
      expect(members.length).toBeGreaterThan(0);
      expect([...without, ...members.map(({ name }) => name)].sort()).toEqual(
        fleet(size)
          .map(({ name }) => name)
          .sort(),
      );
    }
  });
});
