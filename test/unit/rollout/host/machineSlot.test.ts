import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { MachineSlot } from "#rollout/host/machineSlot.ts";

/** A slot that writes what happens to it into a journal; `loses` says which question for the lease is answered with no. */
function slotWith({ loses = 0, owner = "nobody" }: { loses?: number; owner?: string } = {}) {
  const journal: string[] = [];
  const supervisor = {
    portOwner: async () => ({ kind: owner, name: "nc (pid 7)" }),
    prepare: async () => {
      journal.push("prepare");
      return [];
    },
    start: async ({ release }: { release: string }) => {
      journal.push(`start ${release}`);
      await sleep(1);
    },
  };
  const health = {
    listensSoon: (started: Promise<unknown>) => void started.then(() => journal.push("started")),
  };
  const files = {
    describe: async () => {
      journal.push("look");
      return { current: "1.0.0" };
    },
    remember: async () => {},
  };
  const parts = Object({ place: { name: "app-1", port: 8081 }, supervisor, health });
  const slot = new MachineSlot(parts, Object(files), Object({ launch: {}, environment: {} }), "own");
  let asked = 0;
  const assertHeld = async () => {
    journal.push("lease");
    if (++asked === loses) throw new RollgateError("lease-lost", "somebody has taken over this fleet");
  };
  const start = (launch = "own") => slot.start(launch, assertHeld).catch(({ code }) => journal.push(code));
  return { slot, journal, start };
}

test("a start asks for the lease before it changes anything, and again right before it starts; health hears when it begins and ends", async () => {
  const { journal, start } = slotWith();
  await start();
  expect(journal).toEqual(["lease", "look", "prepare", "lease", "start 1.0.0", "started"]);
});

test("nothing is started if the lease was lost while the start was prepared", async () => {
  const { journal, start } = slotWith({ loses: 2 });
  await start();
  expect(journal).toEqual(["lease", "look", "prepare", "lease", "lease-lost"]);
});

test("a start that is prepared only starts, once", async () => {
  const { slot, journal, start } = slotWith();
  await slot.prepare({ release: "1.1.0", launch: "own" });
  await start();
  expect(journal).toEqual(["prepare", "lease", "start 1.1.0", "started"]);
  journal.length = 0;
  await start();
  expect(journal).toEqual(["lease", "look", "prepare", "lease", "start 1.0.0", "started"]);
});

test("a start can't be prepared while another program has the port, and is not started then", async () => {
  const { slot, journal, start } = slotWith({ owner: "other" });
  const prepared = slot.prepare({ release: "1.1.0", launch: "own" });
  await expect(prepared).rejects.toThrow("port 8081 of app-1 is taken by nc (pid 7)");
  await start();
  expect(journal).not.toContain("start 1.1.0");
});
