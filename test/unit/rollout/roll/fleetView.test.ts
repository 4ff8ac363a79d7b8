import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { FleetView } from "#rollout/roll/fleetView.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

/** Two hosts that have been looked at, and how often each is asked from now on. */
async function seenOnce() {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0" }, "app-2": { runs: "1.0.0" } });
  const signal = new AbortController().signal;
  const { hosts, proxy } = fleet;
  const view = new FleetView({ hosts, proxy, policy: fleet.policy({}), signal });
  await view.look();
  const asked = hosts.map((host) => vi.spyOn(host, "observe"));
  return { fleet, view, looks: () => asked.map(({ mock }) => mock.calls.length) };
}

test("a look that has begun ahead is the next one", async () => {
  const { view, looks } = await seenOnce();
  view.lookAhead([]);
  await view.look();
  expect(looks()).toEqual([1, 1]);
  await view.look();
  expect(looks()).toEqual([2, 2]);
});

test("hosts that a look ahead leaves out are asked by the look itself, unless they are settled", async () => {
  const { fleet, view, looks } = await seenOnce();
  view.lookAhead([fleet.host("app-1")]);
  await view.look();
  expect(looks()).toEqual([1, 1]);
  view.lookAhead([fleet.host("app-1")]);
  await view.look(view.members.slice(0, 1));
  expect(looks()).toEqual([1, 2]);
});

test("what a look saw that ended a while ago is looked at again", async () => {
  const { fleet, view, looks } = await seenOnce();
  view.lookAhead([]);
  await sleep(500);
  await fleet.host("app-2").vanish();
  await view.look();
  expect(looks()).toEqual([2, 2]);
  expect(view.members.map(({ serving }) => serving)).toEqual([true, false]);
});

test("a look ahead that is still on its way is waited for", async () => {
  const { fleet, view, looks } = await seenOnce();
  const host = fleet.host("app-2");
  const { proxy } = fleet;
  const upstream = proxy.upstream.bind(proxy);
  proxy.upstream = async (...given) => {
    await sleep(500);
    return upstream(...given);
  };
  view.lookAhead([]);
  await sleep(300);
  await host.vanish();
  await view.look();
  expect(looks()[0]).toBe(1);
  expect(view.members.map(({ serving }) => serving)).toEqual([true, false]);
});

test("a look ahead that failed fails the next step, unless that comes later", async () => {
  const { fleet, view } = await seenOnce();
  fleet.proxy.error = new Error("nginx does not answer");
  view.lookAhead([]);
  await expect(view.look()).rejects.toThrow("nginx does not answer");
  view.lookAhead([]);
  await sleep(500);
  fleet.proxy.error = undefined;
  await view.look();
});
