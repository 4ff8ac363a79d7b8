import pLimit from "p-limit";
import { expect, test, vi } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];

/** A fleet whose host says whether it has the release, and what staging was told of that. */
async function fleetThat(holds: () => Promise<boolean>) {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const host = fleet.host("app-1");
  const stage = host.stage.bind(host);
  const told: (boolean | undefined | "nothing")[] = [];
  const asked = vi.fn(holds);
  Object.assign(host, {
    holds: asked,
    stage: async (id: string, _jar: unknown, _signal: unknown, answer?: Promise<boolean | undefined>) => {
      told.push(answer === undefined ? "nothing" : await answer.catch(() => undefined));
      await stage(id);
    },
  });
  return { fleet, told, asked };
}

test("hosts are asked for the release before the lease is claimed, and staging gets the answer", async () => {
  const { fleet, told, asked } = await fleetThat(async () => true);
  const claim = fleet.leases.claim.bind(fleet.leases);
  let before = 0;
  fleet.leases.claim = async (...given) => {
    before = asked.mock.calls.length;
    return claim(...given);
  };
  await fleet.roll(NEW);
  expect(asked.mock.calls).toEqual([[NEW]]);
  expect([before, told]).toEqual([1, [true]]);
});

test("an answer from before another roller held the lease counts for nothing", async () => {
  const { fleet, told } = await fleetThat(async () => true);
  const claim = fleet.leases.claim.bind(fleet.leases);
  const record = { owner: "bob@build-2", since: "2026-11-27T22:00:00.000Z", beat: 0, released: true };
  let claims = 0;
  fleet.leases.claim = async (generation, own) => {
    if (claims++ === 0) await claim(generation, record);
    return claim(generation, own);
  };
  await fleet.roll(NEW);
  expect(told).toEqual(["nothing"]);
});

test("a host is not asked while another roller holds the lease", async () => {
  const { fleet, asked } = await fleetThat(async () => true);
  await fleet.leases.claim(1, {
    owner: "bob@build-2",
    since: "2026-11-27T22:00:00.000Z",
    beat: 0,
    released: false,
  });
  const abort = new AbortController();
  const rolling = fleet.roll(NEW, { signal: abort.signal });
  setTimeout(() => abort.abort(new RollgateError("stopped", "stopped")), 200);
  await expect(rolling).rejects.toThrow();
  expect(asked).not.toHaveBeenCalled();
});

test("a host that could not say so is asked again as the release is staged", async () => {
  const { fleet, told } = await fleetThat(async () => {
    throw new RollgateError("host-error", "its disk hangs");
  });
  await fleet.roll(NEW);
  expect(told).toEqual([undefined]);
  expect(fleet.state).toEqual({ "app-1": NEW });
});

/** What a host does with its files when a release is staged. */
async function staged(jar: object | undefined, asked?: Promise<boolean | undefined>): Promise<string[]> {
  const journal: string[] = [];
  const files = {
    stage: async (_id: string, _jar: unknown, _signal: unknown, isThere: unknown) =>
      void journal.push(`stage ${isThere}`),
    holds: async () => {
      journal.push("holds?");
      return true;
    },
  };
  const parts = { place: { name: "app-1" }, supervisor: {}, health: {}, files, tasks: {} };
  const host = new MachineAppHost(Object(parts), Object({ launch: {}, environment: {}, uploads: pLimit(1) }));
  const signal = new AbortController().signal;
  await host.stage(NEW, jar && Object(jar), signal, asked).catch(({ code }) => journal.push(code));
  return journal;
}

test.each([
  ["a jar", {}, undefined, ["stage undefined"]],
  ["a jar, and the answer", {}, Promise.resolve(false), ["stage false"]],
  ["a jar, and no answer after all", {}, Promise.resolve(undefined), ["stage undefined"]],
  ["no jar", undefined, undefined, ["holds?"]],
  ["no jar, and the answer", undefined, Promise.resolve(true), []],
  ["no jar, and the answer that it is missing", undefined, Promise.resolve(false), ["release-missing"]],
])("with %s, a host asks no more than it has to", async (_, jar, asked, journal) => {
  expect(await staged(jar, asked)).toEqual(journal);
});
