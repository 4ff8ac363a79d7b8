import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { RequestCounter } from "#rollout/ledger/requestCounter.ts";
import { FakeFleet, type PolicyChange } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const NO_SOAK: PolicyChange = { order: "stop-first", timing: { soakSeconds: 0 } };
const RECORD_MILLISECONDS = 150;

/** Hosts whose admission takes a while to be recorded, and what happens to them from then on. */
async function rolled(policy: PolicyChange, onAdmitted: (fleet: FakeFleet) => unknown = () => {}) {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD }, "app-2": { runs: OLD } });
  const { journal } = fleet;
  for (const host of fleet.hosts) {
    const mark = host.markLastKnownGood.bind(host);
    host.markLastKnownGood = async (revision) => {
      await sleep(RECORD_MILLISECONDS);
      await mark(revision);
      journal.push(`recorded ${host.name}`);
    };
    const observe = host.observe.bind(host);
    host.observe = async (...given) => {
      journal.push(`look at ${host.name}`);
      return observe(...given);
    };
  }
  fleet.when("admit app-1", () => onAdmitted(fleet));
  const rolling = fleet.roll(NEW, { policy });
  const error: unknown = await rolling.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const from = journal.indexOf("admit app-1");
  const drained = journal.indexOf("drain app-2");
  return { fleet, error, between: journal.slice(from + 1, drained < 0 ? undefined : drained) };
}

describe("with no soak, the look before the next host", () => {
  test("is taken while the admission of the host before is recorded, and sees that host, too", async () => {
    const { error, between } = await rolled(NO_SOAK);
    expect(error).toBeUndefined();
    expect(between.slice(0, -1).sort()).toEqual(["look at app-1", "look at app-2"]);
    expect(between.at(-1)).toBe("recorded app-1");
  });

  test("comes after a hook", async () => {
    const afterHost = [{ command: "true", where: "deployer" as const, deadlineSeconds: 10 }];
    const { error, between } = await rolled({ ...NO_SOAK, hooks: { afterHost } });
    expect(error).toBeUndefined();
    expect(between[0]).toBe("recorded app-1");
    expect(between.slice(1).sort()).toEqual(["look at app-1", "look at app-2"]);
  });

  test("decides nothing if the host before dies as it is admitted", async () => {
    const { fleet, error, between } = await rolled(
      { ...NO_SOAK, health: { deadlineSeconds: 0.5 } },
      (admitting) => {
        admitting.host("app-1").conduct[NEW] = "down";
      },
    );
    expect(String(error)).toContain("app-2 was not taken out");
    expect(fleet.journal).not.toContain("drain app-2");
    expect(between.indexOf("look at app-1")).toBeLessThan(between.indexOf("recorded app-1"));
    expect(between.lastIndexOf("look at app-1")).toBeGreaterThan(between.indexOf("recorded app-1"));
  });

  test("is taken again if the lease was lost meanwhile, and nothing begins", async () => {
    const record = { owner: "usurper", since: "", beat: 0, released: false, pid: 0, startTicks: "" };
    const { fleet, error } = await rolled(NO_SOAK, ({ leases }) => {
      leases.newest = async () => ({ generation: 2, record });
    });
    expect(String(error)).toContain("usurper has taken over this fleet");
    expect(fleet.journal).not.toContain("drain app-2");
  });
});

test("what clients got is read until the last admission, not until that is recorded", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  let recorded = 0;
  const looks: number[] = [];
  for (const host of fleet.hosts) {
    host.markLastKnownGood = async (revision) => {
      await sleep(2 * RECORD_MILLISECONDS);
      host.lastKnownGood = revision;
      recorded = performance.now();
    };
  }
  const counter: RequestCounter = {
    name: "nginx",
    writtenMilliseconds: RECORD_MILLISECONDS,
    begin: async () => true,
    look: async () => {
      looks.push(performance.now());
      return { at: Date.now() / 1000, sums: [], isFull: false };
    },
    stop: async () => {},
    end: async () => {},
  };
  fleet.proxy.counters = [counter];
  await fleet.roll(NEW, { policy: { ...NO_SOAK, minimumHealthy: 0 } });
  expect((looks.at(-1) ?? 0) - recorded).toBeLessThan(RECORD_MILLISECONDS);
});
