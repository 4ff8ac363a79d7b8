import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { FakeFleet, LAUNCH } from "../../../support/fakeFleet.ts";
import { localHost } from "../../../support/localHost.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const OLD = "1.0.0";
const NEW = "1.1.0";

/** Two hosts that serve the old release, or as many as there are names. */
function serving(...names: string[]) {
  const hosts = names.length > 0 ? names : ["app-1", "app-2"];
  return FakeFleet.create(Object.fromEntries(hosts.map((name) => [name, { runs: OLD }])));
}

/** What is done to a host that is brought from one release to the next. */
function replaced(host: string, release = NEW): string[] {
  return [`drain ${host}`, `stop ${host}`, `switch ${host} to ${release}`, `start ${host}`, `admit ${host}`];
}

async function failureOf(roll: Promise<unknown>): Promise<RollFailed> {
  const error = await roll.then(
    () => new Error("the roll did not fail"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof RollFailed) return error;
  throw new Error(`expected RollFailed, got ${String(error)}`, { cause: error });
}

describe("a roll", () => {
  test("deploys a first release to all hosts at once, and admits each as soon as it is ready", async () => {
    const fleet = await FakeFleet.create({ "app-1": {}, "app-2": {} });
    fleet.host("app-1").conduct[NEW] = "down";
    fleet.when("admit app-2", () => {
      fleet.host("app-1").conduct[NEW] = "up";
    });
    const { rolled } = await fleet.roll(NEW);
    for (const name of ["app-1", "app-2"]) {
      expect(fleet.journal.filter((entry) => entry.includes(name))).toEqual([
        `stage ${name}`,
        ...replaced(name),
        `prune ${name}`,
      ]);
    }
    expect(fleet.journal.slice(-4)).toEqual(["admit app-2", "admit app-1", "prune app-1", "prune app-2"]);
    expect(rolled.map(({ host }) => host)).toEqual(["app-2", "app-1"]);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
  });

  test("tells once what each host ran before, without those that ran nothing", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD }, "app-2": {}, "app-3": { runs: NEW } });
    const told: unknown[] = [];
    await fleet.roll(NEW, { onFirstLook: (releases) => void told.push(releases) });
    expect(told).toEqual([{ "app-1": OLD, "app-3": NEW }]);
  });

  test("starts no more than four hosts at once", async () => {
    const names = ["app-1", "app-2", "app-3", "app-4", "app-5", "app-6"];
    const fleet = await FakeFleet.create(Object.fromEntries(names.map((name) => [name, {}])));
    await fleet.roll(NEW);
    const underWay = fleet.journal.map((_, index) => {
      const until = fleet.journal.slice(0, index + 1);
      return (
        until.filter((entry) => entry.startsWith("drain")).length -
        until.filter((entry) => entry.startsWith("admit")).length
      );
    });
    expect(Math.max(...underWay)).toBe(4);
    expect(fleet.state).toEqual(Object.fromEntries(names.map((name) => [name, NEW])));
  });

  test("goes host by host in a fleet too large for all JVMs to start at once", async () => {
    const names = Array.from({ length: 9 }, (_, index) => `app-${index + 1}`);
    const fleet = await FakeFleet.create(Object.fromEntries(names.map((name) => [name, {}])));
    await fleet.roll(NEW);
    expect(fleet.journal.slice(9, -9)).toEqual(names.flatMap((name) => replaced(name)));
  });

  test("starts nothing more once one of several hosts has failed, and names all that failed", async () => {
    const names = ["app-1", "app-2", "app-3", "app-4", "app-5"];
    const fleet = await FakeFleet.create(Object.fromEntries(names.map((name) => [name, {}])));
    for (const host of fleet.hosts) host.conduct[NEW] = "ends";
    const { message } = await failureOf(fleet.roll(NEW));
    expect(fleet.journal.filter((entry) => entry.includes("app-5"))).toEqual(["stage app-5"]);
    expect(message).toMatch(
      /^app-\d failed its health gate on 1\.1\.0: the process ended by itself; nginx saw /,
    );
    const others = message.match(
      /app-\d failed in the same way, and app-\d has no earlier release: it is stopped and drained/g,
    );
    expect(others).toHaveLength(3);
    expect(message).toContain("; app-5 was not touched. Now: ");
  });

  test("goes host by host if all hosts run but are unhealthy, since they may still be serving clients", async () => {
    const fleet = await serving();
    for (const host of fleet.hosts) host.conduct[OLD] = "down";
    await fleet.roll(NEW);
    expect(fleet.journal.slice(2, -2)).toEqual([...replaced("app-1"), ...replaced("app-2")]);
  });

  test("brings the next release to every host, one after another", async () => {
    const fleet = await serving();
    const { release, rolled, durationSeconds } = await fleet.roll(NEW);
    expect(fleet.journal).toEqual([
      "stage app-1",
      "stage app-2",
      ...replaced("app-1"),
      ...replaced("app-2"),
      "prune app-1",
      "prune app-2",
    ]);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
    expect(release).toBe(NEW);
    expect(rolled.map(({ host }) => host)).toEqual(["app-1", "app-2"]);
    expect(durationSeconds).toBeGreaterThanOrEqual(0);
  });

  test("reports every phase of every host, and how long it took", async () => {
    const fleet = await serving();
    const { rolled } = await fleet.roll(NEW, { policy: { timing: { soakSeconds: 0.05 } } });
    const phases = ["drain", "settle", "stop", "switch", "start", "health", "upstream", "admit", "soak"];
    expect(fleet.reports.map(({ host, phase }) => `${host ?? "fleet"} ${phase}`)).toEqual([
      "fleet preflight",
      "fleet stage",
      ...phases.map((phase) => `app-1 ${phase}`),
      ...phases.map((phase) => `app-2 ${phase}`),
    ]);
    for (const { times } of rolled) {
      expect(Object.keys(times).sort()).toEqual([...phases].sort());
      expect(times.soak).toBeGreaterThanOrEqual(50);
    }
  });

  test("to the release that every host is serving touches nothing", async () => {
    const good = { release: OLD, launch: LAUNCH };
    const fleet = await FakeFleet.create({
      "app-1": { runs: OLD, lastKnownGood: good },
      "app-2": { runs: OLD, lastKnownGood: good },
    });
    const { rolled } = await fleet.roll(OLD);
    expect(fleet.journal).toEqual(["stage app-1", "stage app-2", "prune app-1", "prune app-2"]);
    expect(rolled).toEqual([]);
    expect(fleet.messages("done", "app-1")).toEqual([`already serves ${OLD}`]);
  });

  test("leaves a host alone that is already serving the release", async () => {
    const good = { release: NEW, launch: LAUNCH };
    const fleet = await FakeFleet.create({
      "app-1": { runs: NEW, lastKnownGood: good },
      "app-2": { runs: OLD },
    });
    await fleet.roll(NEW);
    expect(fleet.journal).toEqual([
      "stage app-1",
      "stage app-2",
      ...replaced("app-2"),
      "prune app-1",
      "prune app-2",
    ]);
  });

  test("takes a host whose deployer died after admitting it through its last gates, in traffic", async () => {
    const good = { release: OLD, launch: LAUNCH };
    const fleet = await FakeFleet.create({ "app-1": { runs: NEW, lastKnownGood: good } });
    await fleet.roll(NEW);
    expect(fleet.journal).toEqual(["stage app-1", "switch app-1 to 1.1.0", "admit app-1", "prune app-1"]);
    expect(fleet.host("app-1").lastKnownGood).toEqual({ release: NEW, launch: LAUNCH });
  });

  test("begins with hosts that are not serving, since touching them costs no capacity", async () => {
    const fleet = await FakeFleet.create({
      "app-1": { runs: OLD },
      "app-2": { runs: OLD, drained: true },
      "app-3": { runs: OLD },
      "app-4": {},
    });
    const { rolled } = await fleet.roll(NEW);
    expect(rolled.map(({ host }) => host)).toEqual(["app-2", "app-4", "app-1", "app-3"]);
  });

  test("repairs a fleet in which no host is serving", async () => {
    const fleet = await serving();
    for (const host of fleet.hosts) host.conduct[OLD] = "down";
    await fleet.roll(NEW);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
  });

  test("only admits a host that runs the release and was left drained", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: NEW, drained: true }, "app-2": { runs: OLD } });
    const { pid } = fleet.host("app-1").running ?? {};
    await fleet.roll(NEW);
    expect(fleet.journal.slice(2, 5)).toEqual([`switch app-1 to ${NEW}`, "admit app-1", "drain app-2"]);
    expect(fleet.host("app-1").running?.pid).toBe(pid);
  });

  test("restarts a host whose release runs with other options", async () => {
    const fleet = await serving();
    for (const host of fleet.hosts) host.launch = "launch-2";
    await fleet.roll(OLD);
    expect(fleet.journal.slice(2)).toEqual([
      ...replaced("app-1", OLD),
      ...replaced("app-2", OLD),
      "prune app-1",
      "prune app-2",
    ]);
    expect(fleet.hosts.map(({ running }) => running?.launch)).toEqual(["launch-2", "launch-2"]);
  });

  test("goes back to a release by name, without a jar", async () => {
    const fleet = await FakeFleet.create({
      "app-1": { runs: NEW, releases: [OLD, NEW] },
      "app-2": { runs: NEW, releases: [OLD, NEW] },
    });
    await fleet.roll(OLD, { jar: undefined });
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD });
  });

  test("reports that it reconnected to a machine, and continues", async () => {
    const fleet = await serving();
    const broken = Object.assign(fleet, {
      onReconnect: (tell: (message: string) => void) =>
        fleet.when("start app-1", () => tell("the connection to server-1 broke; reconnected")),
    });
    await broken.roll(NEW);
    expect(fleet.messages("reconnect")).toEqual(["the connection to server-1 broke; reconnected"]);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
  });

  test("of the only host continues although no host is serving meanwhile", async () => {
    const fleet = await serving("app-1");
    await fleet.roll(NEW);
    expect(fleet.state).toEqual({ "app-1": NEW });
    expect(fleet.messages("preflight")).toEqual(["1 host and nginx at http://proxy are ready"]);
  });

  test("of the only host fails if it is not serving in the end", async () => {
    const fleet = await serving("app-1");
    fleet.when("admit app-1", () => {
      fleet.host("app-1").conduct[NEW] = "down";
    });
    const { message } = await failureOf(fleet.roll(NEW, { policy: { timing: { soakSeconds: 0 } } }));
    expect(message).toMatch(
      /^no host is serving 1\.1\.0 after passing its gates: app-1 \(1\.1\.0, unhealthy: 503 DOWN .*\); app-1 went back to 1\.0\.0/,
    );
    expect(fleet.state).toEqual({ "app-1": OLD });
  });

  test("keeps as many releases as configured", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD, releases: ["0.8.0", "0.9.0", OLD] } });
    await fleet.roll(NEW, { policy: { keepReleases: 2 } });
    expect((await fleet.host("app-1").observe()).releases).toEqual([OLD, NEW]);
  });
});

describe("before any host is touched", () => {
  test("all obstacles are named at once", async () => {
    const fleet = await serving("app-1", "app-2", "app-3");
    fleet.host("app-1").errors.preflight = new RollgateError("x", "port 8081 of app-1 is taken by pid 7");
    fleet.host("app-3").errors.preflight = new RollgateError("x", "app-3 is out of reach");
    fleet.proxy.error = new RollgateError("x", "nginx at http://proxy does not answer");
    const { message, code } = await failureOf(fleet.roll(NEW));
    expect(code).toBe("roll-failed");
    expect(message).toBe(
      "nginx at http://proxy does not answer; port 8081 of app-1 is taken by pid 7; app-3 is out of reach. No host was touched.",
    );
    expect(fleet.journal).toEqual([]);
  });

  test("a release that cannot be staged everywhere is deployed nowhere, and all failing hosts are named", async () => {
    const fleet = await serving("app-1", "app-2", "app-3");
    for (const name of ["app-2", "app-3"]) {
      fleet.host(name).errors.stage = new RollgateError("disk-full", `no space left for ${NEW} on ${name}`);
    }
    expect((await failureOf(fleet.roll(NEW))).message).toBe(
      `no space left for ${NEW} on app-2; no space left for ${NEW} on app-3. No host was touched.`,
    );
    expect(fleet.journal).toEqual(["stage app-1"]);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
  });

  test("a local host that cannot stage the release is named, whatever its directory is called", async () => {
    const fleet = await serving("app-1", "app-2");
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "releases"), "a file in the way");
    const real = localHost({ name: "in-the-way", directory, port: 1 });
    const [first] = fleet.hosts;
    if (first === undefined) throw new Error("there is a first");
    const jar = { path: "/nowhere", version: NEW, sha256: "" };
    first.stage = () => real.stage(NEW, jar, new AbortController().signal);
    expect((await failureOf(fleet.roll(NEW))).message).toMatch(/(app-1|in-the-way).*No host was touched\.$/);
  });

  test("a bug of ours is not disguised as a failed roll", async () => {
    const fleet = await serving();
    fleet.host("app-1").errors.preflight = new TypeError("x is not a function");
    await expect(fleet.roll(NEW)).rejects.toThrow(TypeError);
  });

  test("another roller of this fleet is respected, and named", async () => {
    const fleet = await serving();
    const other = fleet.roll(NEW);
    let second: Promise<RollFailed> | undefined;
    fleet.when("stop app-1", async () => {
      second = failureOf(fleet.roll("1.2.0"));
      await second;
    });
    await other;
    expect((await second)?.message).toMatch(
      /^test has been rolling this fleet since .*\. No host was touched\.$/,
    );
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
  });

  test("a stop leaves every host untouched, and says so for every host", async () => {
    const fleet = await serving();
    const controller = new AbortController();
    fleet.when("stage app-2", () => controller.abort(new RollgateError("engine-gone", "pulumi is gone")));
    const { message } = await failureOf(fleet.roll(NEW, { signal: controller.signal }));
    expect(message).toBe(
      `the roll was stopped: pulumi is gone; app-1 and app-2 were not touched. Now: app-1 ${OLD}; app-2 ${OLD}.`,
    );
    expect(fleet.journal).toEqual(["stage app-1", "stage app-2"]);
  });

  test("a proxy that stops answering fails the roll without a host touched", async () => {
    const fleet = await serving();
    fleet.when("stage app-2", () => {
      fleet.proxy.error = new RollgateError("nginx-unreachable", "nginx at http://proxy does not answer");
    });
    const { message } = await failureOf(fleet.roll(NEW));
    expect(message).toMatch(/^nginx at http:\/\/proxy does not answer[.;]/);
    expect(fleet.journal).toEqual(["stage app-1", "stage app-2"]);
  });
});

describe("between two hosts", () => {
  test("the roll waits until enough other hosts are serving", async () => {
    const fleet = await serving();
    const first = fleet.host("app-1");
    fleet.when("admit app-1", () => {
      first.conduct[NEW] = "down";
      setTimeout(() => {
        first.conduct[NEW] = "up";
      }, 100);
    });
    await fleet.roll(NEW);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
  });

  test("a host is not touched while too few others are serving", async () => {
    const fleet = await serving();
    fleet.when("admit app-1", () => {
      fleet.host("app-1").conduct[NEW] = "down";
    });
    const { message } = await failureOf(
      fleet.roll(NEW, { policy: { health: { deadlineSeconds: 0.3 }, onFailure: "halt" } }),
    );
    expect(message).toBe(
      `app-2 was not taken out: at least 1 of the others must serve, but app-1 does not (${NEW}, unhealthy: 503 DOWN {"status":"DOWN"}); app-1 stayed as the roll left it. Now: app-1 ${NEW}, unhealthy; app-2 ${OLD}.`,
    );
    expect(fleet.journal).not.toContain("drain app-2");
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": OLD });
  });

  test("what a host runs is asked while its peers are looked at, since it is stopped as soon as they are known", async () => {
    const fleet = await serving();
    const [first, second] = [fleet.host("app-1"), fleet.host("app-2")];
    const seen: string[] = [];
    const [runningApp, observe] = [first.runningApp.bind(first), second.observe.bind(second)];
    vi.spyOn(first, "runningApp").mockImplementation(async () => {
      if (fleet.journal.at(-1) === "drain app-1") seen.push("app-1 is asked");
      return runningApp();
    });
    vi.spyOn(second, "observe").mockImplementation(async () => {
      if (fleet.journal.at(-1) === "drain app-1") {
        await sleep(100);
        seen.push("app-2 has answered");
      }
      return observe();
    });
    await fleet.roll(NEW);
    expect(seen).toEqual(["app-1 is asked", "app-2 has answered"]);
  });

  test("no more hosts must serve than the policy asks for", async () => {
    const fleet = await serving("app-1", "app-2", "app-3");
    fleet.when("admit app-1", () => {
      fleet.host("app-1").conduct[NEW] = "down";
    });
    await fleet.roll(NEW, { policy: { minimumHealthy: 1 } });
    expect(fleet.hosts.map(({ running }) => running?.release)).toEqual([NEW, NEW, NEW]);
  });

  test("a stop lets the current host finish, and touches no other", async () => {
    const fleet = await serving("app-1", "app-2", "app-3");
    const controller = new AbortController();
    fleet.when("stop app-1", () => controller.abort(new RollgateError("engine-gone", "pulumi is gone")));
    const { message } = await failureOf(fleet.roll(NEW, { signal: controller.signal }));
    expect(fleet.journal.slice(3)).toEqual(replaced("app-1"));
    expect(message).toBe(
      `the roll was stopped: pulumi is gone; app-1 stayed as the roll left it; app-2 and app-3 were not touched. Now: app-1 ${NEW}; app-2 ${OLD}; app-3 ${OLD}.`,
    );
  });

  test("the deadline of the roll has passed: no further host is touched", async () => {
    const fleet = await serving();
    const { message } = await failureOf(
      fleet.roll(NEW, { policy: { timing: { rollDeadlineSeconds: 0.8, soakSeconds: 1 } } }),
    );
    expect(fleet.journal.slice(2)).toEqual(replaced("app-1"));
    expect(message).toBe(
      `the roll was stopped: it took longer than 0.8 s; app-1 stayed as the roll left it; app-2 was not touched. Now: app-1 ${NEW}; app-2 ${OLD}.`,
    );
  });

  test("a proxy that stops answering ends the roll with the state of every host", async () => {
    const fleet = await serving("app-1", "app-2", "app-3");
    fleet.when("admit app-1", () => {
      fleet.proxy.error = new RollgateError("nginx-unreachable", "nginx at http://proxy does not answer");
    });
    const { message } = await failureOf(fleet.roll(NEW, { policy: { onFailure: "halt" } }));
    expect(message).toMatch(
      /^nginx at http:\/\/proxy does not answer; app-1 stayed as the roll left it; app-2 and app-3 were not touched\. Now: /,
    );
    expect(fleet.journal.slice(3)).toEqual(replaced("app-1"));
  });

  test("another roller that took over keeps the fleet, and the first one changes nothing more", async () => {
    const fleet = await serving();
    fleet.when("drain app-1", () =>
      fleet.leases.claim(2, { owner: "usurper", since: "", beat: 0, released: false }),
    );
    const { message } = await failureOf(fleet.roll(NEW));
    expect(message).toContain("usurper has taken over this fleet");
    expect(fleet.journal.filter((entry) => !entry.startsWith("stage"))).toEqual(["drain app-1"]);
    expect(fleet.hosts.map(({ running }) => running?.release)).toEqual([OLD, OLD]);
  });
});

describe("when a later host fails", () => {
  /** Three hosts; the third cannot run the new release. */
  async function thirdFails() {
    const fleet = await serving("app-1", "app-2", "app-3");
    fleet.host("app-3").conduct[NEW] = "ends";
    return fleet;
  }

  test("the previous hosts go back to what they ran, the last one first", async () => {
    const fleet = await thirdFails();
    const { message } = await failureOf(fleet.roll(NEW));
    expect(fleet.journal.slice(3)).toEqual([
      ...replaced("app-1"),
      ...replaced("app-2"),
      "drain app-3",
      "stop app-3",
      `switch app-3 to ${NEW}`,
      "start app-3",
      "drain app-3",
      "stop app-3",
      `switch app-3 to ${OLD}`,
      "start app-3",
      "admit app-3",
      ...replaced("app-2", OLD),
      ...replaced("app-1", OLD),
    ]);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
    expect(message).toMatch(
      new RegExp(
        `^app-3 failed its health gate on ${NEW}: the process ended by itself; nginx saw .*\\. app-3 is back on ${OLD}; app-2 went back to ${OLD}; app-1 went back to ${OLD}\\. Now: app-1 ${OLD}; app-2 ${OLD}; app-3 ${OLD}\\.$`,
      ),
    );
  });

  test("the previous hosts stay on the new release with the policy halt", async () => {
    const fleet = await thirdFails();
    const { message } = await failureOf(fleet.roll(NEW, { policy: { onFailure: "halt" } }));
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW, "app-3": OLD });
    expect(message).toMatch(
      new RegExp(
        `app-3 is back on ${OLD}; app-1 and app-2 stayed as the roll left them\\. Now: app-1 ${NEW}; app-2 ${NEW}; app-3 ${OLD}\\.$`,
      ),
    );
  });

  test("hosts that already had the new release keep it", async () => {
    const fleet = await FakeFleet.create({
      "app-1": { runs: NEW },
      "app-2": { runs: OLD },
      "app-3": { runs: OLD },
    });
    fleet.host("app-3").conduct[NEW] = "ends";
    await failureOf(fleet.roll(NEW));
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": OLD, "app-3": OLD });
  });

  test("hosts that had nothing before keep the new release", async () => {
    const fleet = await FakeFleet.create({ "app-1": {}, "app-2": {} });
    fleet.host("app-2").conduct[NEW] = "ends";
    const { message } = await failureOf(fleet.roll(NEW));
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": "nothing, drained" });
    expect(message).toMatch(
      new RegExp(
        `app-2 has no earlier release: it is stopped and drained\\. Now: app-1 ${NEW}; app-2 ${NEW}, not running\\.$`,
      ),
    );
  });

  test("a host goes back to the release it ran, even if others were staged after that", async () => {
    const before = { runs: OLD, releases: [OLD, "1.0.1", "1.0.2"] };
    const fleet = await FakeFleet.create({ "app-1": before, "app-2": before });
    fleet.host("app-2").conduct[NEW] = "ends";
    const { message } = await failureOf(fleet.roll(NEW, { policy: { keepReleases: 2 } }));
    expect(message).toContain(`app-1 went back to ${OLD}`);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD });
  });

  test("hosts go back to the options they had", async () => {
    const fleet = await serving();
    for (const host of fleet.hosts) host.launch = "launch-2";
    fleet.host("app-2").conduct[`${OLD} launch-2`] = "ends";
    await failureOf(fleet.roll(OLD));
    expect(fleet.hosts.map(({ running }) => running)).toEqual([
      expect.objectContaining({ release: OLD, launch: LAUNCH }),
      expect.objectContaining({ release: OLD, launch: LAUNCH }),
    ]);
  });

  test("a host that cannot go back either ends the rollback, and every host is accounted for", async () => {
    const fleet = await thirdFails();
    fleet.when(`switch app-3 to ${OLD}`, () => {
      fleet.host("app-2").conduct[OLD] = "ends";
    });
    const { message } = await failureOf(fleet.roll(NEW));
    expect(message).toContain(
      "; rolling back stopped: app-2 failed its health gate on 1.0.0: the process ended",
    );
    expect(message).toMatch(/\. Now: app-1 1\.1\.0; app-2 1\.1\.0; app-3 1\.0\.0\.$/);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW, "app-3": OLD });
  });
});
