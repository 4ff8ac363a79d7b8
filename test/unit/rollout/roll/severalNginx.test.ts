import { expect, test, vi } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { NginxGroup } from "#rollout/nginx/nginxGroup.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";
import { FakeNginx } from "../../../support/fakeNginx.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const START_FIRST = { order: "start-first" } as const;

function twoHosts() {
  return FakeFleet.create({
    "app-1": { runs: OLD, beside: "nothing" },
    "app-2": { runs: OLD, beside: "nothing" },
  });
}

test("drains that differ are repaired by a roll with nothing else to do, by what the hosts run", async () => {
  const fleet = await twoHosts();
  await fleet.roll(OLD);
  fleet.journal.length = 0;
  fleet.proxy.partly.set("app-1", ["http://b"]);
  fleet.proxy.without.delete("app-2_b");
  fleet.proxy.partly.set("app-2_b", ["http://a"]);
  await fleet.roll(OLD);
  expect(fleet.journal.filter((entry) => /^(drain|admit|start|stop)/.test(entry)).sort()).toEqual([
    "admit app-1",
    "drain app-2_b",
  ]);
  expect([...fleet.proxy.partly.keys()]).toEqual([]);
});

test("a host that serves through one nginx only gets its traffic back from all, and is then rolled like any other", async () => {
  const fleet = await twoHosts();
  fleet.proxy.partly.set("app-1", ["http://b"]);
  await fleet.roll(NEW, { policy: START_FIRST });
  const steps = fleet.journal.filter((entry) => /^(drain|admit|start|stop) app-1/.test(entry));
  expect(steps).toEqual(["admit app-1", "start app-1_b", "admit app-1_b", "drain app-1", "stop app-1"]);
  expect(fleet.messages("admit", "app-1")[0]).toBe("takes traffic through nginx at http://b again");
});

test("a host that is ill and serves through one nginx only is not given more traffic", async () => {
  const fleet = await twoHosts();
  fleet.host("app-1").conduct[OLD] = "down";
  fleet.proxy.partly.set("app-1", ["http://b"]);
  await fleet.roll(NEW, { policy: START_FIRST });
  const steps = fleet.journal.filter((entry) => /^(drain|admit|start|stop) app-1/.test(entry));
  expect(steps[0]).toBe("drain app-1");
});

test("a single nginx, with which no other can disagree, is asked once less for its drains", async () => {
  const asked = async (isOne: boolean) => {
    const fleet = await twoHosts();
    Object.assign(fleet.proxy, { isOne });
    const drained = vi.spyOn(fleet.proxy, "drained");
    await fleet.roll(OLD);
    return drained.mock.calls.length;
  };
  expect(await asked(true)).toBe((await asked(false)) - 1);
});

test("an nginx that is not back at the end is a warning of a roll that went well", async () => {
  const fleet = await twoHosts();
  const line = "nginx at http://b was lost during the roll and is not back";
  fleet.proxy.missing = [line];
  expect((await fleet.roll(NEW, { policy: START_FIRST })).warnings).toEqual([line]);
  expect(fleet.reports.at(-1)).toMatchObject({ phase: "warning", message: line });
  expect(fleet.proxy.roll).toBeUndefined();
});

test("the roll says when an nginx is lost, and writes no flag without the lease", async () => {
  const fleet = await twoHosts();
  fleet.when("start app-1_b", async () => {
    await fleet.proxy.roll?.assertHeld();
    fleet.proxy.roll?.tell("nginx at http://b does not answer");
  });
  await fleet.roll(NEW, { policy: START_FIRST });
  expect(fleet.reports).toContainEqual(
    expect.objectContaining({ phase: "nginx", message: "nginx at http://b does not answer" }),
  );
});

test("a roll over two nginx, of which one dies, leaves both with the same drains", async () => {
  const fleet = await twoHosts();
  const [a, b] = ["http://a", "http://b"].map((url) => new FakeNginx(url, "app-1_b", "app-2_b"));
  if (!a || !b) throw new Error("two are needed");
  const group = new NginxGroup([a, b]);
  b.before = (entry) => entry === "drain app-1" && b.die();
  fleet.when("start app-2_b", () => b.comeBack());
  await fleet.roll(NEW, { proxy: group, policy: START_FIRST });
  for (const { flags } of [a, b]) expect([...flags].sort()).toEqual(["app-1", "app-2"]);
  expect(fleet.reports.filter(({ phase }) => phase === "nginx").map(({ message }) => message)).toEqual([
    "nginx at http://b does not answer: ECONNREFUSED; the roll goes on with nginx at http://a",
    "nginx at http://b is back, with the right drains",
  ]);
});

test("a host is not taken for one that does not serve by an nginx that was started a moment ago", async () => {
  const fleet = await twoHosts();
  const [a, b] = ["http://a", "http://b"].map((url) => new FakeNginx(url, "app-1_b", "app-2_b"));
  if (!a || !b) throw new Error("two are needed");
  const { upstream } = b;
  let checked = 0;
  b.upstream = async (...asked) =>
    performance.now() < checked ? { up: false, detail: "down, rise 1, fall 0" } : upstream.apply(b, asked);
  a.before = (entry) => {
    if (entry === "drain app-1") checked = performance.now() + 1_500;
  };
  await fleet.roll(NEW, { proxy: new NginxGroup([a, b]), policy: START_FIRST });
  for (const { flags } of [a, b]) expect([...flags].sort()).toEqual(["app-1", "app-2"]);
});

test("an nginx that does not answer before the roll is named, and no host is touched", async () => {
  const fleet = await twoHosts();
  const [a, b] = [new FakeNginx("http://a"), new FakeNginx("http://b")];
  b.die();
  await expect(fleet.roll(NEW, { proxy: new NginxGroup([a, b]), policy: START_FIRST })).rejects.toThrow(
    "nginx at http://b does not answer: ECONNREFUSED. No host was touched.",
  );
  expect(fleet.journal).toEqual([]);
  expect([a.journal, b.journal]).toEqual([[], []]);
});

test("a roll whose nginx all die fails as with one", async () => {
  const fleet = await twoHosts();
  const [a, b] = [
    new FakeNginx("http://a", "app-1_b", "app-2_b"),
    new FakeNginx("http://b", "app-1_b", "app-2_b"),
  ];
  fleet.when("start app-1_b", () => {
    a.die();
    b.die();
  });
  const failure: unknown = await fleet
    .roll(NEW, { proxy: new NginxGroup([a, b]), policy: { ...START_FIRST, health: { deadlineSeconds: 1 } } })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RollgateError);
  expect(String(failure)).toContain("nginx at http://a does not answer");
  expect(fleet.state).toMatchObject({ "app-2": OLD });
});
