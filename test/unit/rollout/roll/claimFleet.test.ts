import { expect, test, vi } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const OTHER = { owner: "bob@build-2", since: "2026-11-27T22:00:00.000Z", beat: 0, released: false };
const NOT_READY = new RollgateError("not-ready", "app-1 is not ready: expected awk, found none");
const TOLD = "app-1 is not ready: expected awk, found none. No host was touched.";

/** A fleet, and the claim of its lease. */
async function claimedFleet() {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const claim = fleet.leases.claim.bind(fleet.leases);
  const claimed = Promise.withResolvers<void>();
  fleet.leases.claim = async (...given) => {
    const isOurs = await claim(...given);
    claimed.resolve();
    return isOurs;
  };
  return { fleet, claimed: claimed.promise };
}

test("the lease is claimed while the preflight goes on", async () => {
  const { fleet, claimed } = await claimedFleet();
  fleet.host("app-1").preflight = () => claimed;
  await fleet.roll(NEW);
  expect(fleet.state).toEqual({ "app-1": NEW });
});

test("a fleet that is not ready is left alone, and its lease is free for the next", async () => {
  const { fleet, claimed } = await claimedFleet();
  fleet.host("app-1").preflight = () => claimed.then(() => Promise.reject(NOT_READY));
  await expect(fleet.roll(NEW)).rejects.toThrow(TOLD);
  expect((await fleet.leases.newest())?.record.released).toBe(true);
  expect(fleet.journal).toEqual([]);
});

test("a fleet that is not ready is told at once, whoever rolls it", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  fleet.host("app-1").errors.preflight = NOT_READY;
  await fleet.leases.claim(1, OTHER);
  const claiming = vi.spyOn(fleet.leases, "claim");
  await expect(fleet.roll(NEW)).rejects.toThrow(TOLD);
  expect(claiming).not.toHaveBeenCalled();
  expect(fleet.reports.some(({ message }) => message.includes("waiting"))).toBe(false);
});

test("nobody waits for a roller that came in between if the fleet is not ready", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  const claim = fleet.leases.claim.bind(fleet.leases);
  const lost = Promise.withResolvers<void>();
  fleet.leases.claim = async (generation) => {
    await claim(generation, OTHER);
    setTimeout(lost.resolve, 50);
    return false;
  };
  fleet.host("app-1").preflight = () => lost.promise.then(() => Promise.reject(NOT_READY));
  const beating = setInterval(() => void fleet.leases.renew(1, { ...OTHER, beat: Date.now() }), 10);
  await expect(fleet.roll(NEW))
    .rejects.toThrow(TOLD)
    .finally(() => clearInterval(beating));
  expect((await fleet.leases.newest())?.record.owner).toBe(OTHER.owner);
});
