import { expect, onTestFinished, test } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { NginxGroup } from "#rollout/nginx/nginxGroup.ts";
import { until } from "../../../../harness/until.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";
import { FakeNginx } from "../../../support/fakeNginx.ts";

const signal = AbortSignal.timeout(60_000);
const [A, B] = ["http://a", "http://b"];

/** Two nginx in front of two hosts that serve from their first slots, in a roll. */
async function inRoll(...flags: string[]) {
  const fleet = await FakeFleet.create({
    "app-1": { runs: "1.0.0", beside: "nothing" },
    "app-2": { runs: "1.0.0", beside: "nothing" },
  });
  const empty = ["app-1_b", "app-2_b"];
  const [a, b] = [new FakeNginx(A, ...empty, ...flags), new FakeNginx(B, ...empty)];
  const group = new NginxGroup([a, b]);
  const told: string[] = [];
  let isHeld = true;
  await group.preflight(fleet.hosts, signal);
  group.begin({
    assertHeld: async () => {
      if (!isHeld) throw new RollgateError("lease-lost", "somebody has taken over this fleet");
    },
    tell: (message) => void told.push(message),
  });
  await group.drained(signal);
  onTestFinished(async () => void (await group.end(0)));
  const slot = (name: string) => fleet.slot(name);
  return { group, a, b, told, slot, loseLease: () => (isHeld = false) };
}

test("a slot is drained in every nginx, and admitted in every nginx", async () => {
  const { group, a, b, slot } = await inRoll();
  await group.admit(slot("app-1_b"));
  await group.drain(slot("app-1"));
  for (const { flags } of [a, b]) expect([...flags].sort()).toEqual(["app-1", "app-2_b"]);
  await group.standBy(true);
  for (const { flags } of [a, b]) expect(flags).toContain("_standby");
});

test("every nginx is told which release answers in a slot, even one that is lost", async () => {
  const { group, a, b, slot } = await inRoll();
  b.vanish();
  await group.admit(slot("app-1_b"), "1.1.0");
  for (const { releases } of [a, b]) expect([...releases]).toEqual([["app-1_b", "1.1.0"]]);
});

test("a roll hears of each drain and of each admission, with the release if it is new there", async () => {
  const { group, slot } = await inRoll();
  const heard: unknown[] = [];
  group.begin({
    assertHeld: async () => {},
    tell: () => {},
    drains: ({ name }) => void heard.push(["drains", name]),
    admits: ({ name }, release) => void heard.push(["admits", name, release]),
  });
  await group.drain(slot("app-1"));
  await group.admit(slot("app-1"));
  await group.admit(slot("app-1_b"), "1.1.0");
  expect(heard).toEqual([
    ["drains", "app-1"],
    ["admits", "app-1", undefined],
    ["admits", "app-1_b", "1.1.0"],
  ]);
});

test("a roll hears of an nginx that did not answer before it began", async () => {
  const { group, b } = await inRoll();
  await group.end(0);
  b.vanish();
  await group.drained(signal);
  const told: string[] = [];
  group.begin({ assertHeld: async () => {}, tell: (message) => void told.push(message) });
  await group.drained(signal);
  expect(told).toEqual([expect.stringContaining("the roll goes on with nginx at http://a")]);
});

test("its connections are those of every nginx", async () => {
  const { group, a, b, slot } = await inRoll();
  Object.assign(a.left, { "app-1": 2 });
  Object.assign(b.left, { "app-1": 3 });
  expect(await group.connections(slot("app-1"))).toBe(5);
});

test("a slot is up once every nginx sees it up; the detail names the one that doesn't", async () => {
  const { group, b, slot } = await inRoll();
  expect(await group.upstream(slot("app-1"), signal)).toEqual({ up: true, detail: "200 UP" });
  b.down.add("app-1");
  expect(await group.upstream(slot("app-1"), signal)).toEqual({
    up: false,
    detail: "down, rise 0 (nginx at http://b)",
    isDisputed: true,
  });
});

test("drains that differ are told apart, with the nginx that drains", async () => {
  const { group, b } = await inRoll();
  b.flags.add("app-1");
  b.flags.delete("app-2_b");
  expect(await group.drained(signal)).toEqual({
    everywhere: new Set(["app-1_b"]),
    partly: new Map([
      ["app-2_b", [A]],
      ["app-1", [B]],
    ]),
  });
});

test.each([
  ["one that does not answer", 1, /^nginx at http:\/\/b does not answer: ECONNREFUSED$/],
  ["two of them", 2, /^nginx at http:\/\/a does not answer: .*; nginx at http:\/\/b does not answer: /],
])("before a roll, %s is an error that names it, and nothing is written", async (_, count, message) => {
  const { group, a, b } = await inRoll();
  for (const nginx of [b, a].slice(0, count)) nginx.die();
  await expect(group.preflight([], signal)).rejects.toThrow(message);
  expect([a.journal, b.journal]).toEqual([[], []]);
});

test("one that dies in the middle of a drain is left out, told once, and starts with the drains that it missed", async () => {
  const { group, a, b, told, slot } = await inRoll();
  b.before = (entry) => entry === "drain app-1" && b.die();
  await group.drain(slot("app-1"));
  expect(told).toEqual([
    "nginx at http://b does not answer: ECONNREFUSED; the roll goes on with nginx at http://a",
  ]);
  await group.admit(slot("app-1_b"));
  await group.drain(slot("app-2"));
  for (const { flags } of [a, b]) expect([...flags].sort()).toEqual(["app-1", "app-2", "app-2_b"]);
  expect((await group.drained(signal)).everywhere).toEqual(new Set(["app-1", "app-2", "app-2_b"]));
  expect(await group.upstream(slot("app-1_b"), signal)).toMatchObject({ up: true });
  expect(told).toHaveLength(1);
});

test("one that dies before a slot is admitted is written all the same, and counts again once it is back", async () => {
  const { group, b, told, slot } = await inRoll();
  b.die();
  await group.admit(slot("app-1_b"));
  expect(b.flags).not.toContain("app-1_b");
  b.comeBack();
  await until(() => told.length === 2, 5);
  expect(told[1]).toBe("nginx at http://b is back, with the right drains");
  b.down.add("app-1_b");
  expect(await group.upstream(slot("app-1_b"), signal)).toMatchObject({ up: false });
  expect(await group.end(0)).toEqual([]);
});

test("one that comes back with stale flags gets the right ones before it counts again", async () => {
  const { group, b, told, slot } = await inRoll();
  b.vanish();
  await group.admit(slot("app-1_b"));
  await group.drain(slot("app-1"));
  expect([...b.flags].sort()).toEqual(["app-1_b", "app-2_b"]);
  b.comeBack();
  await until(() => told.length === 2, 5);
  expect([...b.flags].sort()).toEqual(["app-1", "app-2_b"]);
});

test("one that is back but does not see up what the others do does not count yet", async () => {
  const { group, b, told, slot } = await inRoll();
  b.die();
  await group.admit(slot("app-1_b"));
  b.down.add("app-2");
  b.comeBack();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(told).toHaveLength(1);
  expect(await group.upstream(slot("app-2"), signal)).toMatchObject({ up: true });
  b.down.clear();
  await until(() => told.length === 2, 5);
});

test("one that is not back when the roll ends is waited for, and then named", async () => {
  const { group, b, slot } = await inRoll();
  b.die();
  await group.drain(slot("app-1"));
  const began = performance.now();
  expect(await group.end(300)).toEqual([
    "nginx at http://b was lost during the roll and is not back (nginx at http://b does not answer: ECONNREFUSED). It will start with the right drains: see to it, then run `pulumi up`",
  ]);
  expect(performance.now() - began).toBeGreaterThan(290);
});

test("one whose machine is not back is said to have old drains", async () => {
  const { group, b, slot } = await inRoll();
  b.vanish();
  await group.drain(slot("app-1"));
  expect(await group.end(0)).toEqual([
    "nginx at http://b was lost during the roll and is not back (http://b cannot be reached). Its drains may be old: see to it, then run `pulumi up`",
  ]);
});

test("one that is out of reach but serves clients stops the roll, since it would send them to what is replaced", async () => {
  const { group, a, b, slot } = await inRoll();
  b.vanish({ serves: true });
  a.sees.add(B);
  await group.admit(slot("app-1_b"));
  await expect(group.drain(slot("app-1"))).rejects.toThrow(
    "nginx at http://b still answers clients, but its machine can't be reached, so it would go on sending them to app-1 (http://b cannot be reached)",
  );
  // The way back asks nothing of it: it has the new slot drained.
  await group.admit(slot("app-1"));
  await group.drain(slot("app-1_b"));
});

test("one that hangs is still asked for its connections, one that is gone is not", async () => {
  const { group, b, slot } = await inRoll();
  Object.assign(b.left, { "app-1": 3 });
  b.hangs = true;
  await group.drain(slot("app-1"));
  expect(await group.connections(slot("app-1"))).toBe(3);
  b.die();
  await until(async () => (await group.connections(slot("app-1"))) === 0, 5);
});

test("the connections that are left on the machine of an nginx that died a moment ago are not its own", async () => {
  const { group, b, slot } = await inRoll();
  await group.drain(slot("app-1"));
  Object.assign(b.left, { "app-1": 3 });
  b.die();
  expect(await group.connections(slot("app-1"))).toBe(0);
});

test("the last one is never left out: without any nginx, a step fails", async () => {
  const { group, a, b, told, slot } = await inRoll();
  a.die();
  b.die();
  await expect(group.drain(slot("app-1"))).rejects.toThrow("nginx at http://a does not answer");
  await expect(group.drained(signal)).rejects.toThrow("does not answer");
  expect(told).toEqual([]);
});

test("without the last one of those that were left, a step fails, too", async () => {
  const { group, a, b, slot } = await inRoll();
  b.die();
  await group.drain(slot("app-1"));
  a.die();
  await expect(group.admit(slot("app-1"))).rejects.toThrow("nginx at http://a does not answer");
});

test("one that runs but does not do what it is told is an error, not a loss", async () => {
  const { group, b, told, slot } = await inRoll();
  b.isBlind = true;
  await expect(group.drain(slot("app-1"))).rejects.toThrow("nginx at http://b does not see it");
  expect(told).toEqual([]);
});

test("whoever no longer holds the lease writes no flag of an nginx that is back", async () => {
  const { group, b, slot, loseLease } = await inRoll();
  b.vanish();
  await group.drain(slot("app-1"));
  loseLease();
  b.comeBack();
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(b.flags).not.toContain("app-1");
});

test("an error of the caller's signal is passed on, and nobody is left out", async () => {
  const { group, told, b } = await inRoll();
  const reason = new RollgateError("stopped", "the roll was stopped");
  b.drained = async () => Promise.reject(reason);
  await expect(group.drained(AbortSignal.abort(reason))).rejects.toThrow(reason);
  expect(told).toEqual([]);
});

test("when one fails here and the other there at once, what was not done is not taken for done", async () => {
  const { group, a, b, slot } = await inRoll();
  const gone = new RollgateError("nginx-unreachable", "it does not answer");
  a.drained = () => Promise.reject(gone);
  b.drain = () => Promise.reject(gone);
  const done = await Promise.allSettled([group.drain(slot("app-1")), group.drained(signal)]);
  expect(done.filter(({ status }) => status === "rejected")).toHaveLength(1);
});

test("old applications are kept from answering once, however many hosts ask for that", async () => {
  const { group, a } = await inRoll();
  await group.standBy(false);
  const { length } = a.journal;
  await group.standBy(false);
  expect(a.journal).toHaveLength(length);
  await group.standBy(true);
  await group.standBy(false);
  expect(a.journal.length).toBeGreaterThan(length);
});

test("what no nginx allows to old applications at the begin of a roll need not be forbidden", async () => {
  const { group, a, b } = await inRoll();
  await group.standBy(false);
  expect([a, b].flatMap(({ journal }) => journal)).toEqual([]);
});

test("what a roll that died allowed to old applications is forbidden in every nginx", async () => {
  const { group, a, b } = await inRoll("_standby");
  await group.standBy(false);
  for (const { journal } of [a, b]) expect(journal).toEqual(["mark _standby false"]);
  expect(a.flags).not.toContain("_standby");
});

test("if one nginx can't say what it allows to old applications, it is forbidden in every nginx", async () => {
  const { group, a, b } = await inRoll();
  a.flags.add("_standby");
  a.standsBy = () => Promise.reject(new RollgateError("command-failed", "permission denied"));
  group.begin({ assertHeld: async () => {}, tell: () => {} });
  await group.standBy(false);
  for (const { journal } of [a, b]) expect(journal).toEqual(["mark _standby false"]);
});

test("what one host asks for while that is being changed for another one is not changed again", async () => {
  const { group, a } = await inRoll();
  await group.standBy(true);
  await Promise.all([group.standBy(false), group.standBy(false)]);
  expect(a.journal).toEqual(["mark _standby true", "mark _standby false"]);
});

test("a change that failed for one host is made for the next one", async () => {
  const { group, a } = await inRoll();
  await group.standBy(true);
  const mark = a.mark.bind(a);
  a.mark = () => {
    a.mark = mark;
    return Promise.reject(new RollgateError("command-failed", "no space left"));
  };
  const [first, second] = await Promise.allSettled([group.standBy(false), group.standBy(false)]);
  expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
  expect(a.flags).not.toContain("_standby");
});
