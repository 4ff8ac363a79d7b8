import { expect, onTestFinished, test, vi } from "vitest";
import { survey } from "#provider/survey.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import { boundedHost } from "#rollout/machine/bounded.ts";
import { describeMember, describeTrouble } from "#rollout/roll/describeMember.ts";
import { observe } from "#rollout/roll/observe.ts";
import { observeEach } from "#rollout/roll/observeFleet.ts";
import { type Before, FakeFleet } from "../../../support/fakeFleet.ts";

const { signal } = new AbortController();

async function member(before: Before, change: (fleet: FakeFleet) => void = () => {}) {
  const fleet = await FakeFleet.create({ "app-1": before });
  change(fleet);
  return observe(fleet.host("app-1"), fleet.proxy, signal);
}

test("a host is serving if it runs, is healthy, is up in the proxy, and is not drained", async () => {
  const found = await member({ runs: "1.0.0" });
  expect(found).toMatchObject({ serving: true, drained: false, health: { up: true, detail: "200 UP" } });
  expect(describeMember(found)).toBe("1.0.0");
});

test("a host that was started with other options is serving, and says so", async () => {
  const found = await member({ runs: "1.0.0", launch: "launch-0" });
  expect(found.serving).toBe(true);
  expect(describeMember(found)).toBe("1.0.0, started with other options");
});

test("a drained host is not serving", async () => {
  const found = await member({ runs: "1.0.0", drained: true });
  expect(found).toMatchObject({ serving: false, drained: true });
  expect(describeMember(found)).toBe("1.0.0, drained");
});

test("a host that only some nginx drain is neither drained nor serving, and those are named", async () => {
  const found = await member({ runs: "1.0.0", beside: "nothing" }, ({ proxy }) => {
    proxy.partly.set("app-1", ["http://b"]);
    proxy.without.clear();
    proxy.partly.set("app-1_b", ["http://a"]);
  });
  expect(found).toMatchObject({ serving: false, drained: false, spare: { drained: false } });
  expect(describeMember(found)).toBe(
    "1.0.0, drained by nginx at http://b alone, requests may go to its empty slot app-1_b, which nginx at http://a alone drains",
  );
});

test("an unhealthy host is not serving", async () => {
  const found = await member({ runs: "1.0.0" }, (fleet) => {
    fleet.host("app-1").conduct["1.0.0"] = "down";
  });
  expect(found.serving).toBe(false);
  expect(describeMember(found)).toBe("1.0.0, unhealthy");
});

test("a host that the proxy sees as down is not serving, however healthy it is", async () => {
  const found = await member({ runs: "1.0.0" }, (fleet) => {
    fleet.proxy.views["1.0.0"] = { up: false, detail: "down" };
  });
  expect(found.serving).toBe(false);
  expect(describeMember(found)).toBe("1.0.0, down in nginx");
});

test("a host whose process has ended is not serving", async () => {
  const found = await member({ current: "1.0.0", drained: false });
  expect(found.serving).toBe(false);
  expect(describeMember(found)).toBe("1.0.0, not running");
});

test("a new host has no release", async () => {
  expect(describeMember(await member({}))).toBe("no release");
});

test("an unreachable host is not an error: it is not serving, and says why", async () => {
  const found = await member({ runs: "1.0.0" }, (fleet) => {
    fleet.host("app-1").gone = new RollgateError(
      "machine-unreachable",
      "server-1 cannot be reached: refused",
    );
  });
  expect(found).toMatchObject({ serving: false, unreachable: "server-1 cannot be reached: refused" });
  expect(describeMember(found)).toBe("unreachable");
  expect(describeTrouble(found)).toBe("unreachable: server-1 cannot be reached: refused");
});

test("a host that hangs delays observing a fleet by ten seconds at most", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0" } });
  const host = fleet.host("app-1");
  host.observe = () => new Promise(() => {});
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const observed = observe(boundedHost(host), fleet.proxy, signal);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(await Promise.race([observed, "asking"])).toBe("asking");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await observed).toMatchObject({ serving: false, unreachable: "it does not answer" });
});

test("a bug of ours is an error", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0" } });
  fleet.host("app-1").observe = async () => {
    throw new TypeError("x is not a function");
  };
  await expect(observe(fleet.host("app-1"), fleet.proxy, signal)).rejects.toThrow(TypeError);
});

test("the slot that is likely to serve is asked for its health along with what the host runs", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0", beside: "nothing" } });
  const host = fleet.host("app-1");
  const [observing, probing] = [host.observe.bind(host), host.probe.bind(host)];
  const asked = Promise.withResolvers<void>();
  host.probe = async (given) => {
    asked.resolve();
    return probing(given);
  };
  host.observe = async () => {
    await asked.promise;
    return observing();
  };
  const found = await observe(host, fleet.proxy, signal, { likely: host });
  expect(found).toMatchObject({ serving: true, slot: { name: "app-1" } });
});

test("a host that was seen before is asked for all at once, and nginx along with it", async () => {
  for (const [before, which] of [
    [{ runs: "1.0.0", beside: "nothing" }, "first"],
    [{ drained: true, beside: "1.0.0", besideDrained: false }, "second"],
  ] as const) {
    const fleet = await FakeFleet.create({ "app-1": before });
    const [host, { proxy }] = [fleet.host("app-1"), fleet];
    const slot = which === "first" ? host : host.second;
    if (!slot) throw new Error("expected two slots");
    host.lastSeen = async () => ({ slot: which, release: "1.0.0" });
    const answers = Promise.withResolvers<void>();
    const asked: string[] = [];
    const hold = (target: object, name: string) => {
      const ask = Reflect.get(target, name).bind(target);
      const held = async (...given: unknown[]) => {
        asked.push(name);
        await answers.promise;
        return ask(...given);
      };
      Reflect.set(target, name, held);
    };
    hold(host, "observe");
    hold(slot, "probe");
    hold(proxy, "drained");
    hold(proxy, "upstream");
    const surveying = survey(fleet);
    await vi.waitFor(() => expect(asked.toSorted()).toEqual(["drained", "observe", "probe", "upstream"]));
    answers.resolve();
    expect((await surveying).releases).toEqual({ "app-1": "1.0.0" });
  }
});

test("what a slot was asked ends with the look if nothing runs there", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0", beside: "nothing" } });
  const host = fleet.host("app-1");
  const ended: unknown[] = [];
  const hanging = (given: AbortSignal) =>
    new Promise<never>((_, reject) =>
      given.addEventListener("abort", () => {
        ended.push(given.reason);
        reject(given.reason);
      }),
    );
  if (host.second) host.second.probe = hanging;
  host.lastSeen = async () => ({ slot: "second", release: "1.0.0" });
  expect(await observe(host, fleet.proxy, signal)).toMatchObject({ serving: true, slot: { name: "app-1" } });
  // The application, and nginx, which asks it, too.
  expect(ended).toHaveLength(2);
});

test("a slot that was likely to serve counts for nothing if nothing runs there", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0", beside: "nothing" } });
  const host = fleet.host("app-1");
  const found = await observe(host, fleet.proxy, signal, { likely: host.second });
  expect(found).toMatchObject({ serving: true, slot: { name: "app-1" } });
  expect(found.spare).toMatchObject({ serving: false, drained: true, running: undefined });
});

test("nginx is asked once for the drains of all hosts of a look", async () => {
  const before = { runs: "1.0.0" };
  const fleet = await FakeFleet.create({ "app-1": before, "app-2": { ...before, drained: true } });
  const asking = vi.spyOn(fleet.proxy, "drained");
  const context = { ...fleet, policy: fleet.policy({}), signal };
  const members = await observeEach(fleet.hosts, context);
  expect(members.map(({ serving }) => serving)).toEqual([true, false]);
  expect(asking).toHaveBeenCalledTimes(1);
});
