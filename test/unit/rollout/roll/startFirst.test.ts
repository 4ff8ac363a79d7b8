import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { nextStepFor } from "#rollout/roll/nextStepFor.ts";
import { askedServer, CHECK } from "../../../support/askedServers.ts";
import { type Before, FakeFleet, type PolicyChange } from "../../../support/fakeFleet.ts";

const OLD = "1.0.0";
const NEW = "1.1.0";
const ROOM: Before = { runs: OLD, beside: "nothing" };
const SHORTLY: PolicyChange = { health: { deadlineSeconds: 0.3 } };
const SOAKED: PolicyChange = { timing: { soakSeconds: 0.3 } };

/** What a roll does to one host that has room. */
const startFirst = (host: string, from: string, to: string, release = NEW) => [
  `switch ${host} to ${release}`,
  `start ${to}`,
  `admit ${to}`,
  `drain ${from}`,
  `stop ${from}`,
  `retire ${from}`,
];

function done(fleet: FakeFleet): string[] {
  return fleet.journal.filter((entry) => !/^(stage|prune) /.test(entry));
}

async function failing(
  fleet: FakeFleet,
  policy: PolicyChange = {},
  signal?: AbortSignal,
): Promise<RollFailed> {
  const error = await fleet.roll(NEW, { policy, ...(signal && { signal }) }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RollFailed)) throw new Error(`expected RollFailed, got ${String(error)}`);
  return error;
}

describe("a host with room for two JVMs", () => {
  test("gets the new one beside the old one, which is stopped last", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const { rolled } = await fleet.roll(NEW);
    expect(done(fleet)).toEqual(startFirst("app-1", "app-1", "app-1_b"));
    expect(fleet.state).toEqual({ "app-1": "nothing, drained", "app-1_b": NEW });
    expect(fleet.messages("order", "app-1")).toEqual([
      "start-first (2,048 MB free, the running JVM needs 256 MB)",
    ]);
    expect(fleet.host("app-1").lastKnownGood?.release).toBe(NEW);
    expect(rolled.map(({ host }) => host)).toEqual(["app-1"]);
  });

  test("keeps the old one if another roller took over while the new one was recorded", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    vi.spyOn(fleet.host("app-1"), "markLastKnownGood").mockImplementation(async () => {
      await sleep(300);
      await fleet.leases.claim(2, { owner: "usurper", since: "", beat: 0, released: false });
      await sleep(900);
    });
    expect((await failing(fleet)).message).toContain("usurper has taken over this fleet");
    expect(done(fleet)).toEqual(startFirst("app-1", "app-1", "app-1_b").slice(0, -2));
  });

  test("is prepared while the release becomes the current one", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    let prepared = false;
    fleet.when("prepare app-1_b", () => (prepared = true));
    fleet.when(`switch app-1 to ${NEW}`, async () => {
      await sleep(50);
      expect(prepared).toBe(true);
    });
    await fleet.roll(NEW);
    expect(done(fleet)).toEqual(startFirst("app-1", "app-1", "app-1_b"));
  });

  test("never answers for one that failed while the flag for that was being raised", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const standBy = fleet.proxy.standBy.bind(fleet.proxy);
    fleet.proxy.standBy = async (isOn) => {
      if (isOn) {
        fleet.host("app-1").conduct[NEW] = "down";
        await sleep(200);
      }
      await standBy(isOn);
    };
    await failing(fleet, { timing: { soakSeconds: 1 } });
    expect(fleet.proxy.standsBy).toBe(false);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
  });

  test("is recorded beside the stop of the old one, after a soak that asked for all that comes before it", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const mark = fleet.host("app-1").markLastKnownGood.bind(fleet.host("app-1"));
    const isStopped = () => fleet.journal.includes("stop app-1");
    fleet.host("app-1").markLastKnownGood = async (revision) => {
      await vi.waitUntil(isStopped, { timeout: 5_000 });
      await mark(revision);
    };
    await fleet.roll(NEW, { policy: SOAKED });
    expect(fleet.host("app-1").lastKnownGood?.release).toBe(NEW);
    expect(fleet.proxy.standsBy).toBe(false);
  });

  test("fails the roll if it can't be recorded beside the stop of the old one", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const full = new RollgateError(
      "host-error",
      "app-1 cannot record its last known good release: disk full",
    );
    vi.spyOn(fleet.host("app-1"), "markLastKnownGood").mockRejectedValue(full);
    expect((await failing(fleet, SOAKED)).message).toContain("disk full");
    expect(fleet.state["app-1"]).toBe(OLD);
  });

  test("that fails the last question of its soak gives way to the old one, though the standby flag goes down", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const old = fleet.host("app-1");
    const runningApp = old.runningApp.bind(old);
    // Asked with that question, and never before in a soak.
    old.runningApp = () => {
      if (fleet.proxy.standsBy) old.conduct[NEW] = "down";
      return runningApp();
    };
    const { message } = await failing(fleet, { ...SOAKED, health: { passes: 1 } });
    expect(message).toContain("app-1 failed its soak gate");
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
    expect(fleet.journal).not.toContain("stop app-1");
  });

  test("may be replaced by the old one until a hook has ended", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const seen: boolean[] = [];
    fleet.when("drain app-1", () => void setTimeout(() => seen.push(fleet.proxy.standsBy), 700));
    const afterHost = [{ command: "sleep 1", where: "deployer" as const, deadlineSeconds: 10 }];
    await fleet.roll(NEW, { policy: { ...SOAKED, hooks: { afterHost } } });
    expect(seen).toEqual([true]);
  });

  test("may be replaced by the old one until the last check has ended", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const seen: boolean[] = [];
    const { origin: url } = await askedServer(() => {
      seen.push(fleet.proxy.standsBy);
      return 200;
    });
    await fleet.roll(NEW, { policy: { ...SOAKED, analysisChecks: [{ ...CHECK, url }] } });
    expect(seen.at(-1)).toBe(true);
  });

  test("soaks while the old one is being drained", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.when("drain app-1", () => sleep(400));
    const began = performance.now();
    const { rolled } = await fleet.roll(NEW, { policy: { timing: { soakSeconds: 0.5 } } });
    const { drain = 0, soak = 0 } = rolled[0]?.times ?? {};
    expect(drain).toBeGreaterThanOrEqual(399);
    expect(performance.now() - began).toBeLessThan(drain + soak + 350);
    expect(done(fleet)).toEqual(startFirst("app-1", "app-1", "app-1_b"));
  });

  test("that fails its soak while the old one is being drained takes no traffic in the end", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.when("drain app-1", () => {
      fleet.host("app-1").conduct[NEW] = "down";
      return sleep(400);
    });
    const { message } = await failing(fleet, { timing: { soakSeconds: 5 } });
    expect(message).toContain("app-1 failed its soak gate");
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
    expect(fleet.proxy.standsBy).toBe(false);
  });

  test("beside which the old one can't be drained fails by that, not by its soak", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    vi.spyOn(fleet.proxy, "drain").mockRejectedValueOnce(new RollgateError("drain-unconfirmed", "no drain"));
    const { message } = await failing(fleet, { timing: { soakSeconds: 1 } });
    expect(message).toContain("app-1 failed its drain gate on 1.1.0: no drain");
    expect(fleet.state["app-1"]).toBe(OLD);
  });

  test("goes to and fro between its slots", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    await fleet.roll(NEW);
    fleet.journal.length = 0;
    await fleet.roll("1.2.0");
    expect(done(fleet)).toEqual(startFirst("app-1", "app-1_b", "app-1", "1.2.0"));
    expect(fleet.state).toEqual({ "app-1": "1.2.0", "app-1_b": "nothing, drained" });
  });

  test("is left alone once it serves the release", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    await fleet.roll(NEW);
    fleet.journal.length = 0;
    await fleet.roll(NEW);
    expect(done(fleet)).toEqual([]);
    expect(fleet.messages("done", "app-1")).toEqual([`already serves ${NEW}`]);
  });

  test("needs no peer, as its capacity never drops", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": { ...ROOM, runs: NEW, drained: true } });
    fleet.host("app-2").conduct[NEW] = "down";
    const error = await failing(fleet, { ...SHORTLY, order: "start-first" });
    expect(error.message).toContain("app-2");
    fleet.journal.length = 0;
    fleet.host("app-1").conduct["1.2.0"] = "up";
    fleet.host("app-2").conduct["1.2.0"] = "up";
    await fleet.roll("1.2.0");
    expect(fleet.state["app-1_b"]).toBe("1.2.0");
  });

  test("keeps the old one through the soak", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    let beside: unknown;
    fleet.when("drain app-1", () => setTimeout(() => (beside = fleet.host("app-1").running?.release), 150));
    await fleet.roll(NEW, { policy: SOAKED });
    expect(beside).toBe(OLD);
    expect(fleet.host("app-1").running).toBeUndefined();
  });

  test.each<[string, Before]>([
    ["is drained", { ...ROOM, drained: true }],
    ["runs nothing", { beside: "nothing" }],
  ])("gets it in the same slot if it %s, since nothing can be kept up", async (_, before) => {
    const fleet = await FakeFleet.create({ "app-1": before, "app-2": ROOM });
    await fleet.roll(NEW, { policy: { order: "start-first" } });
    expect(done(fleet).slice(-10, -6)).toEqual([
      "stop app-1",
      `switch app-1 to ${NEW}`,
      "start app-1",
      "admit app-1",
    ]);
    expect(fleet.state["app-1"]).toBe(NEW);
    expect(fleet.state["app-2_b"]).toBe(NEW);
  });

  test("gets the new one as usual if the old one ends meanwhile", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.when("start app-1_b", () => fleet.host("app-1").end());
    await fleet.roll(NEW);
    expect(done(fleet)).toEqual(startFirst("app-1", "app-1", "app-1_b"));
    expect(fleet.state).toEqual({ "app-1": "nothing, drained", "app-1_b": NEW });
  });

  test("tells how many connections were left when the old one was stopped", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.proxy.left["app-1"] = 2;
    const { warnings } = await fleet.roll(NEW, { policy: { timing: { settleSeconds: 0.1 } } });
    expect(warnings).toEqual([
      "app-1 was stopped while 2 connections were still open after 0.1 s: usually websockets or long streams, whose clients reconnect",
    ]);
  });
});

describe("a release that fails beside the old one", () => {
  test.each(["down", "down with 200", "ends"] as const)("(%s) touches no traffic", async (conduct) => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
    fleet.host("app-1").conduct[NEW] = conduct;
    const error = await failing(fleet, SHORTLY);
    expect(done(fleet)).toEqual([
      `switch app-1 to ${NEW}`,
      "start app-1_b",
      "stop app-1_b",
      "retire app-1_b",
      `switch app-1 to ${OLD}`,
    ]);
    expect(error.message).toContain(`app-1 failed its health gate on ${NEW}: `);
    expect(error.message).toContain(
      `. app-1 serves ${OLD}, which ran all the time; app-2 was not touched. Now: app-1 ${OLD}; app-2 ${OLD}.`,
    );
    expect(fleet.messages("restore", "app-1")[0]).toContain(`${OLD} keeps all traffic`);
  });

  test("and ends by itself may be one that cannot run twice, which is said", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.host("app-1").conduct[NEW] = "ends";
    fleet.host("app-1").writes = [
      "Database may be already in use: lock file app.lock",
      "Address already in use",
    ];
    const error = await failing(fleet, SHORTLY);
    expect(nextStepFor(error)).toBe(
      "see the lines above for the reason; if this application cannot run twice on a host, because of a lock file or a fixed JMX or debug port for example, set `order: stop-first`; then run `pulumi up` again",
    );
  });

  test("during its soak gives the traffic back before anything is read", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    const second = fleet.slot("app-1_b");
    const order: string[] = [];
    const logTail = second.logTail.bind(second);
    second.logTail = async (lines) => {
      order.push(...fleet.journal.slice(-2));
      return logTail(lines);
    };
    fleet.when("drain app-1", () => second.end());
    const error = await failing(fleet, SOAKED);
    expect(order).toEqual(["admit app-1", "drain app-1_b"]);
    expect(error.message).toContain(`app-1 failed its soak gate on ${NEW}: the process ended by itself`);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
    expect(fleet.host("app-1").current).toBe(OLD);
  });

  test("does so after the old one has ended: that one is started again, and nobody says it ran all the time", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
    fleet.host("app-1").conduct[NEW] = "down";
    fleet.when("start app-1_b", () => fleet.host("app-1").end());
    const error = await failing(fleet, SHORTLY);
    expect(done(fleet).slice(2)).toEqual([
      "stop app-1_b",
      "retire app-1_b",
      `switch app-1 to ${OLD}`,
      "drain app-1",
      "start app-1",
      "admit app-1",
    ]);
    expect(error.message).toContain(`app-1 failed its health gate on ${NEW}: `);
    expect(error.message).toContain(
      `app-1 is back on ${OLD}, which had ended by itself and was started again; app-2 was not touched`,
    );
    expect(error.message).not.toContain("ran all the time");
  });

  test("in its soak does so after the old one has ended", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.when("drain app-1", async () => {
      await fleet.host("app-1").end();
      fleet.host("app-1").conduct[NEW] = "down";
    });
    const error = await failing(fleet, SOAKED);
    expect(error.message).toContain(
      `app-1 is back on ${OLD}, which had ended by itself and was started again`,
    );
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
  });

  test("goes back if another host of its batch fails after the old one has ended", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
    fleet.host("app-2").conduct[NEW] = "down";
    fleet.when("drain app-1", () => fleet.host("app-1").end());
    await failing(fleet, { ...SHORTLY, batch: [2] });
    expect(fleet.state).toMatchObject({ "app-1": OLD, "app-1_b": "nothing, drained", "app-2": OLD });
  });

  test("goes back once if the connections to the old one can't be counted", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.when("count app-1", () => {
      throw new RollgateError("hangs", "the machine does not answer");
    });
    fleet.when("stop app-1_b", () => sleep(100));
    const error = await failing(fleet, { timing: { soakSeconds: 1 } });
    expect(error.message).toContain("the machine does not answer");
    expect(done(fleet).filter((entry) => entry === "admit app-1")).toHaveLength(1);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
  });

  test("on the second host leaves the first one on the new release with halt", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
    fleet.host("app-2").conduct[NEW] = "down";
    const error = await failing(fleet, { ...SHORTLY, onFailure: "halt" });
    expect(error.message).toContain(
      `app-2 serves ${OLD}, which ran all the time; app-1 stayed as the roll left it. Now: app-1 ${NEW}; app-2 ${OLD}.`,
    );
  });

  test("is not started at all if another program has the port", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.slot("app-1_b").intruders.nothing = { kind: "other", name: "nc (pid 7)" };
    const error = await failing(fleet, { order: "start-first" });
    expect(error.message).toMatch(
      /app-1 failed its start gate on \S+: port \d+ of app-1_b is taken by nc \(pid 7\)/,
    );
    expect(done(fleet).filter((entry) => entry.startsWith("start"))).toEqual([]);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
  });

  test("is stopped again when the roll is told to stop", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM });
    fleet.host("app-1").conduct[NEW] = "down";
    const stop = new AbortController();
    fleet.when("start app-1_b", () => setTimeout(() => stop.abort(new Error("enough")), 50));
    const error = await failing(fleet, {}, stop.signal);
    expect(error.message).toContain("the roll was stopped");
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
  });
});

describe("with order auto", () => {
  test.each([
    [
      "the memory is short",
      { availableBytes: 300 * 2 ** 20, neededBytes: 256 * 2 ** 20 },
      "300 MB free, the running JVM needs 256 MB",
    ],
    ["the memory can't be told", undefined, "how much memory is free can't be told"],
  ])("a host stops first if %s", async (_, room, why) => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
    for (const host of fleet.hosts) host.room = room;
    await fleet.roll(NEW);
    expect(fleet.state).toEqual({
      "app-1": NEW,
      "app-1_b": "nothing, drained",
      "app-2": NEW,
      "app-2_b": "nothing, drained",
    });
    expect(fleet.messages("order", "app-1")).toEqual([`stop-first (${why})`]);
  });

  test("a host stops first if its second port is taken", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
    fleet.slot("app-1_b").intruders.nothing = { kind: "other", name: "nc (pid 7)" };
    await fleet.roll(NEW);
    expect(fleet.state["app-1"]).toBe(NEW);
    expect(fleet.messages("order", "app-1")[0]).toMatch(/^stop-first \(port \d+ is taken by nc \(pid 7\)\)$/);
  });

  test("stop-first replaces what runs in the second slot there", async () => {
    const fleet = await FakeFleet.create({ "app-1": ROOM, "app-2": ROOM });
    await fleet.roll(NEW);
    fleet.journal.length = 0;
    await fleet.roll("1.2.0", { policy: { order: "stop-first" } });
    expect(done(fleet).slice(0, 5)).toEqual([
      "drain app-1_b",
      "stop app-1_b",
      "switch app-1 to 1.2.0",
      "start app-1_b",
      "admit app-1_b",
    ]);
    expect(fleet.state["app-1_b"]).toBe("1.2.0");
  });
});

describe("what a dead deployer left", () => {
  test.each<[string, Before, string[]]>([
    [
      "a new application that takes no traffic yet",
      { runs: OLD, beside: NEW },
      [`switch app-1 to ${NEW}`, "admit app-1_b", "drain app-1", "stop app-1", "retire app-1"],
    ],
    [
      "two applications that take traffic",
      { runs: OLD, beside: NEW, besideDrained: false },
      [`switch app-1 to ${NEW}`, "admit app-1_b", "drain app-1", "stop app-1", "retire app-1"],
    ],
    [
      "an old application that takes no traffic any more",
      { runs: OLD, drained: true, beside: NEW, besideDrained: false },
      [`switch app-1 to ${NEW}`, "admit app-1_b", "stop app-1", "retire app-1"],
    ],
    [
      "an application of another release",
      { runs: OLD, beside: "0.9.0" },
      ["stop app-1_b", "retire app-1_b", ...startFirst("app-1", "app-1", "app-1_b")],
    ],
    [
      "an empty slot that requests may go to",
      { runs: OLD, beside: "nothing", besideDrained: false },
      ["drain app-1_b", ...startFirst("app-1", "app-1", "app-1_b")],
    ],
  ])("%s is finished", async (_, before, expected) => {
    const fleet = await FakeFleet.create({ "app-1": before });
    await fleet.roll(NEW);
    expect(done(fleet)).toEqual(expected);
    expect(fleet.state).toEqual({ "app-1": "nothing, drained", "app-1_b": NEW });
  });

  test.each<[string, boolean]>([
    ["takes traffic", false],
    ["was drained", true],
  ])("is the quick way back if the old one still runs and %s: no start, no gap", async (_, drained) => {
    const fleet = await FakeFleet.create({
      "app-1": {
        runs: NEW,
        beside: OLD,
        besideDrained: drained,
        lastKnownGood: { release: OLD, launch: "launch-1" },
      },
    });
    fleet.when("admit app-1", () => fleet.host("app-1").end());
    const error = await failing(fleet, SOAKED);
    expect(error.message).toContain(`app-1 failed its soak gate on ${NEW}: the process ended by itself`);
    expect(error.message).toContain(`app-1 serves ${OLD}, which ran all the time`);
    expect(done(fleet).slice(-5)).toEqual([
      "admit app-1_b",
      "drain app-1",
      "stop app-1",
      "retire app-1",
      `switch app-1 to ${OLD}`,
    ]);
    expect(fleet.state).toEqual({ "app-1": "nothing, drained", "app-1_b": OLD });
  });

  test("never lets a drained application answer while the host gets its release in the same slot", async () => {
    const fleet = await FakeFleet.create({ "app-1": { ...ROOM, drained: true } });
    fleet.proxy.standsBy = true;
    let stoodBy: unknown;
    fleet.when("start app-1", () => (stoodBy = fleet.proxy.standsBy));
    await fleet.roll(NEW);
    expect(stoodBy).toBe(false);
  });

  test("is taken away if the release is the old one again", async () => {
    const fleet = await FakeFleet.create({
      "app-1": { runs: OLD, beside: NEW, lastKnownGood: { release: OLD, launch: "launch-1" } },
    });
    await fleet.roll(OLD);
    expect(done(fleet)).toEqual([`switch app-1 to ${OLD}`, "admit app-1", "stop app-1_b", "retire app-1_b"]);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-1_b": "nothing, drained" });
  });
});
