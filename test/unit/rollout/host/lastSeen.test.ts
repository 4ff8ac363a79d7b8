import { expect, test } from "vitest";
import type { WhichSlot } from "#rollout/host/lastSeen.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";

const APP = { pid: 1, release: "1.0.0", launch: undefined };

/** A host whose slots run something or nothing, and what was remembered of it. */
function hostWith({ first, second }: { first: boolean; second?: boolean }) {
  const remembered: WhichSlot[] = [];
  const slot = (name: string, runs: boolean) => ({
    place: { name },
    supervisor: { running: async () => (runs ? APP : undefined) },
    health: {},
  });
  const parts = {
    ...slot("app-1", first),
    ...(second !== undefined && { second: slot("app-1_b", second) }),
    files: { describe: async () => ({ releases: [] }) },
    lastSeen: {
      recall: async () => "second",
      remember: async (which: WhichSlot) => void remembered.push(which),
    },
  };
  const host = new MachineAppHost(Object(parts), Object({ launch: {}, environment: {} }));
  return { host, remembered };
}

test("the slot of a host that runs something is remembered with each look", async () => {
  for (const [running, which] of [
    [{ first: true, second: false }, ["first"]],
    [{ first: false, second: true }, ["second"]],
    [{ first: true, second: true }, []],
    [{ first: false, second: false }, []],
  ] as const) {
    const { host, remembered } = hostWith(running);
    await host.observe();
    expect(remembered).toEqual(which);
    expect(await host.lastSeen()).toBe("second");
  }
});

test("of a host with one slot, there is nothing to remember", async () => {
  const { host, remembered } = hostWith({ first: true });
  await host.observe();
  expect(remembered).toEqual([]);
  expect(await host.lastSeen()).toBeUndefined();
});
