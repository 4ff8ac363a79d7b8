import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { freePort } from "../../../../harness/freePort.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { SlotFleet } from "../../../support/slotFleet.ts";

type Names = readonly (readonly [string, string])[];

/** The slots in traffic before, during and after a start-first roll of every host, one after another. */
function statesOfRoll(names: Names, from: 0 | 1): string[][] {
  const states = [names.map((slots) => slots[from])];
  for (const index of names.keys()) {
    const moved = names.map((slots, place) => slots[place < index ? 1 - from : from] ?? "");
    states.push(moved.toSpliced(index, 1, ...(names[index] ?? [])));
    states.push(names.map((slots, place) => slots[place <= index ? 1 - from : from] ?? ""));
  }
  return states;
}

/** The same numbers below `limit` in every run. */
function numbersBelow(limit: number, count: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  });
}

describe("a start-first roll", () => {
  test.each([
    [1, [0, 1], 60],
    [2, [0, 1], 60],
    [3, [0, 1], 60],
    [9, [0], 200],
  ] as const)(
    "of %d hosts sends requests to the slots in traffic only",
    {
      timeout: 60_000,
    },
    async (size, directions, requests) => {
      const fleet = await SlotFleet.start(size);
      for (const from of directions) {
        for (const state of statesOfRoll(fleet.names, from)) {
          await fleet.admitOnly(...state);
          expect(await fleet.served(requests)).toEqual(new Set(state));
        }
      }
      expect(fleet.tried).toEqual(new Set());
    },
  );
});

describe("a fleet too large for an upstream for every combination", () => {
  const MIXED = { timeout: 60_000 };

  test("serves any mix of slots exactly, and every host gets its share", MIXED, async () => {
    const fleet = await SlotFleet.start(9);
    for (const seed of numbersBelow(4 ** 9 - 1, 12)) {
      const state = fleet.names.flatMap((slots, index) =>
        slots.filter((_, which) => ((seed + 1) >> (2 * index + which)) & 1),
      );
      await fleet.admitOnly(...state);
      const answers = await fleet.answers(40 * state.length);
      expect(new Set(answers.keys())).toEqual(new Set(state));
    }
    expect(fleet.tried).toEqual(new Set());
  });

  test("spreads requests over the hosts that are left, wherever they are", MIXED, async () => {
    const fleet = await SlotFleet.start(12);
    const [one, ...others] = fleet.names;
    const state = [...(one ?? []).slice(1), ...others.slice(5).map(([first]) => first)];
    await fleet.admitOnly(...state);
    const answers = await fleet.answers(1_400);
    expect(new Set(answers.keys())).toEqual(new Set(state));
    for (const count of answers.values()) {
      expect(count).toBeGreaterThan(100);
      expect(count).toBeLessThan(400);
    }
  });

  test("answers 503 while nobody takes traffic", MIXED, async () => {
    const fleet = await SlotFleet.start(9);
    expect(await fleet.served(8)).toEqual(new Set(["503 no host takes traffic\n"]));
  });

  test("loses no request when a host dies that has a neighbour, whatever the mix", MIXED, async () => {
    const fleet = await SlotFleet.start(9);
    const state = fleet.names.map((slots, index) => slots[index % 2] ?? "");
    await fleet.admitOnly(...state);
    const [first, ...others] = state;
    await fleet.kill(first ?? "");
    expect(await fleet.served(450)).toEqual(new Set(others));
  });

  test("drains more hosts with one slot than there are upstreams for", MIXED, async () => {
    const fleet = await SlotFleet.start(23, {}, { slots: 1 });
    const left = [2, 3, 11, 22].map((number) => `app-${number}`);
    await fleet.admitOnly(...left);
    expect(await fleet.served(240)).toEqual(new Set(left));
  });
});

describe("an nginx that checks slots", () => {
  const withNjs = useNjsNginx();

  test("sends requests to the slots in traffic only, all through a start-first roll", {
    timeout: 60_000,
  }, async (context) => {
    const fleet = await SlotFleet.checked(withNjs(context), 2);
    for (const state of statesOfRoll(fleet.names, 0)) {
      await fleet.admitOnly(...state);
      expect(await fleet.served(60)).toEqual(new Set(state));
    }
    expect(fleet.tried).toEqual(new Set());
  });

  test("serves any mix of slots of a large fleet exactly, and has another one to try", {
    timeout: 60_000,
  }, async (context) => {
    const fleet = await SlotFleet.checked(withNjs(context), 9);
    const state = fleet.names.map((slots, index) => slots[index % 2] ?? "");
    await fleet.admitOnly(...state);
    expect(await fleet.served(300)).toEqual(new Set(state));
    expect(fleet.tried).toEqual(new Set());
    const [first, ...others] = state;
    await fleet.kill(first ?? "");
    expect(await fleet.served(300)).toEqual(new Set(others));
  });
});

describe("hosts that get a second slot", () => {
  test("lose no request, and serve from the first one until a roll", { timeout: 60_000 }, async () => {
    const fleet = await SlotFleet.start(2, {}, { slots: 1 });
    const hosts = await Promise.all(
      fleet.hosts.map(async (host) => ({
        ...host,
        second: { address: host.address, port: await freePort() },
      })),
    );
    await fleet.admitOnly("app-1", "app-2");
    const seen = new Set<string>();
    let clients = true;
    const client = async () => {
      while (clients) for (const name of await fleet.served(8)) seen.add(name);
    };
    const running = [client(), client()];
    await sleep(200);
    expect(await fleet.serve({ ...fleet.settings, hosts })).toBe("reloaded");
    await sleep(200);
    clients = false;
    await Promise.all(running);
    expect(seen).toEqual(new Set(["app-1", "app-2"]));
    expect(await fleet.drained()).toEqual(["app-1_b", "app-2_b"]);
  });
});
