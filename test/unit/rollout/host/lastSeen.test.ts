import { expect, test } from "vitest";
import type { Seen } from "#rollout/host/lastSeen.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";

const APP = { pid: 1, release: "1.0.0", launch: undefined };

/** A host whose slots run something or nothing, and what was remembered of it. */
function hostWith({ first, second }: { first: boolean; second?: boolean }) {
  const remembered: Seen[] = [];
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
      recall: async () => ({ slot: "second", release: "1.0.0" }),
      remember: async (seen: Seen) => void remembered.push(seen),
    },
  };
  const host = new MachineAppHost(Object(parts), Object({ launch: {}, environment: {} }));
  return { host, remembered };
}

test("what a host runs, and in which slot, is remembered with each look", async () => {
  for (const [running, which] of [
    [{ first: true, second: false }, ["first"]],
    [{ first: false, second: true }, ["second"]],
    [{ first: true, second: true }, []],
    [{ first: false, second: false }, []],
  ] as const) {
    const { host, remembered } = hostWith(running);
    await host.observe();
    expect(remembered).toEqual(which.map((slot) => ({ slot, release: "1.0.0" })));
    expect(await host.lastSeen()).toEqual({ slot: "second", release: "1.0.0" });
  }
});

test("of a host with one slot, there is nothing to remember", async () => {
  const { host, remembered } = hostWith({ first: true });
  await host.observe();
  expect(remembered).toEqual([]);
  expect(await host.lastSeen()).toBeUndefined();
});
