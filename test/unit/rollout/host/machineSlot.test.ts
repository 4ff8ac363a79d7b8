import { expect, test, vi } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { MachineSlot } from "#rollout/host/machineSlot.ts";

/** Starts in a slot whose start takes some time to prepare; `hold` asks who has the lease. */
async function start(milliseconds: number, hold: (asked: number) => void = () => {}) {
  let [now, asked] = [0, 0];
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  const journal: string[] = [];
  const supervisor = {
    portOwner: async () => ({ kind: "nobody" }),
    prepare: async () => {
      now += milliseconds;
      journal.push("prepare");
    },
    start: async () => void journal.push("start"),
  };
  const files = { describe: async () => ({ current: "1.0.0" }), remember: async () => {} };
  const parts = Object({ place: { name: "app-1" }, supervisor, health: {} });
  const slot = new MachineSlot(parts, Object(files), Object({ launch: {}, environment: {} }), "own");
  const assertHeld = async () => {
    journal.push("lease");
    hold(++asked);
  };
  const failure = await slot.start("own", assertHeld).catch(({ code }) => code);
  clock.mockRestore();
  return { journal, failure };
}

test("a start that took long to prepare asks for the lease once more", async () => {
  expect(await start(1_500)).toEqual({ journal: ["lease", "prepare", "lease", "start"], failure: undefined });
  expect(await start(500)).toEqual({ journal: ["lease", "prepare", "start"], failure: undefined });
});

test("nothing is started if the lease was lost while the start was prepared", async () => {
  const lose = (asked: number) => {
    if (asked === 2) throw new RollgateError("lease-lost", "somebody has taken over this fleet");
  };
  expect(await start(1_500, lose)).toEqual({ journal: ["lease", "prepare", "lease"], failure: "lease-lost" });
});
