import { describe, expect, onTestFinished, test, vi } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { FakeFleet, LAUNCH, type PolicyChange } from "../../../support/fakeFleet.ts";

const OLD = "1.0.0";
const NEW = "1.1.0";
/** Every host has two peers that are not touched, for the roll ends with the first failure. */
const UNTOUCHED = `app-2 and app-3 were not touched. Now: app-1 ${OLD}; app-2 ${OLD}; app-3 ${OLD}.`;
const BRIEFLY: PolicyChange = { health: { deadlineSeconds: 0.3 } };

function serving() {
  return FakeFleet.create({ "app-1": { runs: OLD }, "app-2": { runs: OLD }, "app-3": { runs: OLD } });
}

/** The error of a roll that fails, and what was done to hosts from the first drain on. */
async function failing(fleet: FakeFleet, policy: PolicyChange = {}, release = NEW) {
  const error = await fleet.roll(release, { policy }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RollFailed)) throw new Error(`expected RollFailed, got ${String(error)}`);
  return { error, done: fleet.journal.filter((entry) => !entry.startsWith("stage")) };
}

const TRIED = ["drain app-1", "stop app-1", `switch app-1 to ${NEW}`, "start app-1"];
const BACK = ["drain app-1", "stop app-1", `switch app-1 to ${OLD}`, "start app-1", "admit app-1"];

test("a release that comes up just before the deadline may complete its passes", async () => {
  const fleet = await serving();
  const first = fleet.host("app-1");
  const probe = first.probe.bind(first);
  let asked = 0;
  first.probe = async (signal) => {
    if (first.running?.release === NEW) first.conduct[NEW] = asked++ < 6 ? "down" : "up";
    return probe(signal);
  };
  await fleet.roll(NEW, {
    policy: { health: { passes: 6, intervalMilliseconds: 100, deadlineSeconds: 1 } },
  });
  expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW, "app-3": NEW });
});

describe("a release that does not become healthy", () => {
  test("goes back to the previous one, and no other host is touched", async () => {
    const fleet = await serving();
    fleet.host("app-1").conduct[NEW] = "down";
    const { error, done } = await failing(fleet, BRIEFLY);
    expect(done).toEqual([...TRIED, ...BACK]);
    expect(error.message).toBe(
      `app-1 failed its health gate on ${NEW}: 503 DOWN {"status":"DOWN"} for 0.3 s (2 passes in a row needed); nginx saw 503 DOWN {"status":"DOWN"}. app-1 is back on ${OLD}; ${UNTOUCHED}`,
    );
    expect(error.evidence).toEqual([`${NEW} starts`, "Full log: /srv/app-1/app.log"]);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
  });

  test("answers DOWN with 200 fails, since the body counts", async () => {
    const fleet = await serving();
    fleet.host("app-1").conduct[NEW] = "down with 200";
    const { error, done } = await failing(fleet, BRIEFLY);
    expect(done).toEqual([...TRIED, ...BACK]);
    expect(error.message).toContain(
      'app-1 failed its health gate on 1.1.0: 200 DOWN {"status":"DOWN"} for 0.3 s (2 passes in a row needed)',
    );
  });

  test("listens elsewhere fails with a message that says where", async () => {
    const fleet = await serving();
    const first = fleet.host("app-1");
    first.conduct[NEW] = "down";
    first.elsewhere = ["0.0.0.0:9000"];
    const { error } = await failing(fleet, BRIEFLY);
    expect(error.message).toContain(
      `; it listens at 0.0.0.0:9000, not at 127.0.0.1:${first.port}: does it ignore --server.port?; nginx saw`,
    );
  });

  test("is healthy now and then, but not often enough in a row, fails", async () => {
    const fleet = await serving();
    const first = fleet.host("app-1");
    const probe = first.probe.bind(first);
    let asked = 0;
    first.probe = async (signal) => {
      const isDown = first.running?.release === NEW && asked++ % 2 === 1;
      const report = await probe(signal);
      return isDown ? { up: false, detail: "503" } : report;
    };
    vi.spyOn(fleet.proxy, "upstream").mockResolvedValue({ up: true, detail: "up" });
    const { error } = await failing(fleet, BRIEFLY);
    expect(asked).toBeGreaterThan(4);
    expect(error.message).toContain("failed its health gate");
    expect(fleet.state["app-1"]).toBe(OLD);
  });

  test("ends by itself fails before the deadline, and the end of its log is shown", async () => {
    const fleet = await serving();
    fleet.host("app-1").conduct[NEW] = "ends";
    const began = performance.now();
    const { error, done } = await failing(fleet, { health: { deadlineSeconds: 60 } });
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(done).toEqual([...TRIED, ...BACK]);
    expect(error.message).toMatch(
      /^app-1 failed its health gate on 1\.1\.0: the process ended by itself; nginx saw .*\. app-1 is back on 1\.0\.0; /,
    );
    expect(error.evidence).toEqual([`${NEW} starts`, `${NEW} cannot start`, "Full log: /srv/app-1/app.log"]);
  });

  test("was the first one is stopped, and the host stays drained", async () => {
    const fleet = await FakeFleet.create({ "app-1": {}, "app-2": { runs: OLD } });
    fleet.host("app-1").conduct[NEW] = "down";
    const { error, done } = await failing(fleet, BRIEFLY);
    expect(done).toEqual([...TRIED, "drain app-1", "stop app-1"]);
    expect(error.message).toBe(
      `app-1 failed its health gate on ${NEW}: 503 DOWN {"status":"DOWN"} for 0.3 s (2 passes in a row needed); nginx saw 503 DOWN {"status":"DOWN"}. app-1 has no earlier release: it is stopped and drained; app-2 was not touched. Now: app-1 ${NEW}, not running; app-2 ${OLD}.`,
    );
    expect(fleet.state["app-1"]).toBe("nothing, drained");
  });

  test("and cannot go back either leaves the host drained, with both reasons", async () => {
    const fleet = await serving();
    fleet.host("app-1").conduct[NEW] = "down";
    fleet.when("start app-1", () => {
      fleet.host("app-1").conduct[OLD] = "ends";
    });
    const { error, done } = await failing(fleet, BRIEFLY);
    expect(done).toEqual([...TRIED, ...BACK.slice(0, -1)]);
    expect(error.message).toBe(
      `app-1 failed its health gate on ${NEW}: 503 DOWN {"status":"DOWN"} for 0.3 s (2 passes in a row needed); nginx saw 503 DOWN {"status":"DOWN"}. Going back to ${OLD} failed too (the process ended by itself): app-1 stays drained; app-2 and app-3 were not touched. Now: app-1 ${OLD}, not running; app-2 ${OLD}; app-3 ${OLD}.`,
    );
    expect(error.evidence).toEqual([
      `${NEW} starts`,
      "Full log: /srv/app-1/app.log",
      "Rolling back failed too:",
      `${OLD} starts`,
      `${OLD} cannot start`,
      "Full log: /srv/app-1/app.log",
    ]);
    expect(fleet.state["app-1"]).toBe("nothing, drained");
  });

  test("is not admitted while nginx sees the host as down, however healthy it is", async () => {
    const fleet = await serving();
    fleet.proxy.views[NEW] = { up: false, detail: "down, rise 0, fall 5" };
    const { error, done } = await failing(fleet, BRIEFLY);
    expect(done).toEqual([...TRIED, ...BACK]);
    expect(error.message).toBe(
      `app-1 failed its upstream gate on ${NEW}: nginx says down, rise 0, fall 5 for 0.3 s; nginx saw down, rise 0, fall 5. app-1 is back on ${OLD}; ${UNTOUCHED}`,
    );
  });

  test("is not admitted while another process answers on its port", async () => {
    const fleet = await serving();
    fleet.host("app-1").intruders[NEW] = { kind: "other", name: "pid 4711 (java -jar old.jar)" };
    const { error, done } = await failing(fleet);
    expect(done).toEqual([...TRIED, ...BACK]);
    expect(error.message).toContain(
      `app-1 failed its health gate on ${NEW}: port ${fleet.host("app-1").port} is answered by pid 4711 (java -jar old.jar), not by the release`,
    );
  });

  test("is not admitted while an earlier release answers on its port", async () => {
    const fleet = await serving();
    fleet.host("app-1").intruders[NEW] = { kind: "application", release: OLD };
    const { error } = await failing(fleet);
    expect(error.message).toContain(
      `port ${fleet.host("app-1").port} is answered by ${OLD}, not by the release`,
    );
  });

  test("goes back to the last known good if a dead deployer had left it running", async () => {
    const left = {
      runs: NEW,
      drained: true,
      lastKnownGood: { release: OLD, launch: LAUNCH },
      releases: [OLD, NEW],
    };
    const fleet = await FakeFleet.create({ "app-1": left, "app-2": { runs: OLD }, "app-3": { runs: OLD } });
    fleet.host("app-1").conduct[NEW] = "down";
    const { error } = await failing(fleet, BRIEFLY);
    expect(error.message).toContain(`app-1 is back on ${OLD}; ${UNTOUCHED}`);
    expect(fleet.state["app-1"]).toBe(OLD);
  });

  test("is never what a host goes back to", async () => {
    const fleet = await serving();
    fleet.host("app-1").conduct[NEW] = "down";
    await failing(fleet, BRIEFLY);
    expect(fleet.host("app-1").lastKnownGood).toEqual({ release: OLD, launch: LAUNCH });
  });

  test("because of options that the host no longer knows says that it was started with other options", async () => {
    const fleet = await serving();
    const first = fleet.host("app-1");
    first.launch = "launch-2";
    first.conduct[`${OLD} launch-2`] = "ends";
    first.recallLaunch = async () => {
      throw new Error("the file is damaged");
    };
    const { error } = await failing(fleet, {}, OLD);
    expect(error.message).toMatch(
      /^app-1 failed its health gate on 1\.0\.0, started with other options: the process/,
    );
  });

  test("after it was admitted goes back too", async () => {
    const fleet = await serving();
    fleet.when("admit app-1", () => {
      fleet.host("app-1").conduct[NEW] = "down";
    });
    const { error, done } = await failing(fleet, { timing: { soakSeconds: 0.5 } });
    expect(done).toEqual([...TRIED, "admit app-1", ...BACK]);
    expect(error.message).toBe(
      `app-1 failed its soak gate on ${NEW}: 503 DOWN {"status":"DOWN"} after it was admitted; nginx saw 503 DOWN {"status":"DOWN"}. app-1 is back on ${OLD}; ${UNTOUCHED}`,
    );
  });

  test("because of its new options goes back to the previous ones", async () => {
    const fleet = await serving();
    const first = fleet.host("app-1");
    first.launch = "launch-2";
    first.conduct[`${OLD} launch-2`] = "ends";
    const environment = { PASSWORD: "secret-1", LANG: "C" };
    first.launches[LAUNCH] = { launch: { java: "java", jvmOptions: ["-Xmx1g"], arguments: [] }, environment };
    first.launches["launch-2"] = {
      launch: { java: "java", jvmOptions: ["-Xmx9g"], arguments: [] },
      environment: { PASSWORD: "secret-2", TZ: "UTC", LANG: "C" },
    };
    const { error } = await failing(fleet, {}, OLD);
    expect(error.message).toMatch(
      /^app-1 failed its health gate on 1\.0\.0, started with other environment\.PASSWORD, environment\.TZ, and jvmOptions: the process ended by itself; nginx saw .*\. app-1 is back on 1\.0\.0 with its previous options\. Now: /,
    );
    expect(error.message).not.toContain("secret");
    expect(first.running).toMatchObject({ release: OLD, launch: LAUNCH });
    expect(fleet.state["app-1"]).toBe(OLD);
  });
});

describe("a host that is soaked", () => {
  test("may miss one answer, which is a hiccup under load", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
    const first = fleet.host("app-1");
    const probe = first.probe.bind(first);
    let missed = 0;
    first.probe = async (signal) => {
      const report = await probe(signal);
      if (fleet.journal.at(-1) !== "admit app-1" || missed > 0) return report;
      missed++;
      return { up: false, detail: "no answer within 5000 ms" };
    };
    await fleet.roll(NEW, { policy: { timing: { soakSeconds: 0.2 } } });
    expect(missed).toBe(1);
    expect(fleet.state).toEqual({ "app-1": NEW });
  });

  test("may not end", async () => {
    const fleet = await serving();
    fleet.when("admit app-1", () => fleet.host("app-1").end());
    const { error } = await failing(fleet, { timing: { soakSeconds: 0.5 } });
    expect(error.message).toMatch(/^app-1 failed its soak gate on 1\.1\.0: the process ended by itself; /);
    expect(fleet.state["app-1"]).toBe(OLD);
  });
});

describe("a host that is drained", () => {
  test("is stopped once it has no connections left, not before", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
    fleet.proxy.left["app-1"] = 2;
    fleet.when("count app-1", () => {
      setTimeout(() => {
        fleet.journal.push("the last connection ends");
        fleet.proxy.left["app-1"] = 0;
      }, 100);
    });
    await fleet.roll(NEW);
    expect(fleet.journal.slice(1, 4)).toEqual(["drain app-1", "the last connection ends", "stop app-1"]);
    expect(fleet.messages("settle", "app-1")).toEqual(["no connections left"]);
  });

  test("is stopped after the settle time even with connections left, and the report says so", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
    fleet.proxy.left["app-1"] = 3;
    const { warnings } = await fleet.roll(NEW, { policy: { timing: { settleSeconds: 0.1 } } });
    const warning =
      "app-1 was stopped while 3 connections were still open after 0.1 s: usually websockets or long streams, whose clients reconnect";
    expect(warnings).toEqual([warning]);
    expect(fleet.reports.at(-1)).toMatchObject({ phase: "warning", message: warning });
    expect(fleet.messages("settle", "app-1")).toEqual([
      "3 connections left after 0.1 s: graceful shutdown has to finish them",
    ]);
    expect(fleet.state).toEqual({ "app-1": NEW });
  });

  test("is killed if it does not stop, and the report says so", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
    fleet.host("app-1").ignoresSigterm = true;
    await fleet.roll(NEW);
    expect(fleet.messages("stop", "app-1")).toEqual(["killed: it ignored SIGTERM for 10 s"]);
  });

  test("is admitted again if the roll is stopped while it settles, and nothing was stopped", async () => {
    const fleet = await serving();
    fleet.proxy.left["app-1"] = 1;
    const controller = new AbortController();
    fleet.when("count app-1", () => controller.abort());
    await expect(fleet.roll(NEW, { signal: controller.signal })).rejects.toThrow();
    expect(fleet.journal.slice(3)).toEqual(["drain app-1", "admit app-1"]);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
  });

  test("stays drained if it was drained before and the roll is stopped while it settles", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD, drained: true }, "app-2": { runs: OLD } });
    fleet.proxy.left["app-1"] = 1;
    const controller = new AbortController();
    fleet.when("count app-1", () => controller.abort());
    await expect(fleet.roll(NEW, { signal: controller.signal })).rejects.toThrow();
    expect(fleet.state).toEqual({ "app-1": `${OLD}, drained`, "app-2": OLD });
  });

  test("takes traffic again if it was unhealthy and the roll is stopped while it settles", async () => {
    const fleet = await serving();
    fleet.host("app-1").conduct[OLD] = "down";
    fleet.proxy.left["app-1"] = 1;
    const controller = new AbortController();
    fleet.when("count app-1", () => controller.abort());
    await expect(fleet.roll(NEW, { signal: controller.signal })).rejects.toThrow();
    expect(fleet.state["app-1"]).toBe(OLD);
  });

  test("keeps serving if the proxy cannot drain it", async () => {
    const fleet = await serving();
    const drain = fleet.proxy.drain.bind(fleet.proxy);
    let failures = 1;
    fleet.proxy.drain = async (host) => {
      if (failures-- > 0) throw new Error("EROFS: read-only file system");
      return drain(host);
    };
    const { error, done } = await failing(fleet);
    expect(error.message).toBe(`app-1 could not be drained: EROFS: read-only file system; ${UNTOUCHED}`);
    expect(done).toEqual(["admit app-1"]);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
  });
});

test("a step that takes long reports every ten seconds that the roll is waiting", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  fleet.when("stop app-1", () => vi.advanceTimersByTime(20_000));
  const first = fleet.host("app-1");
  const probe = first.probe.bind(first);
  let asked = 0;
  first.probe = async (signal) => {
    const report = await probe(signal);
    if (fleet.journal.at(-1) === "start app-1" && ++asked === 2) vi.advanceTimersByTime(10_000);
    return report;
  };
  // The clock would send the lease's heartbeats, too.
  await fleet.roll(NEW, { heartbeatMilliseconds: 60_000 });
  expect(fleet.messages("stop", "app-1")).toEqual([
    expect.stringMatching(/^waiting: \d+ s so far$/),
    expect.stringMatching(/^waiting: \d+ s so far$/),
    `${OLD} stopped`,
  ]);
  expect(fleet.messages("health", "app-1")).toEqual(["waiting: 200 UP, 1 of 2 passes", "UP"]);
});
