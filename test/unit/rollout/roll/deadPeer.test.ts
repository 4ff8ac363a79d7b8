import { describe, expect, test, vi } from "vitest";
import { RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { FakeFleet, type PolicyChange } from "../../../support/fakeFleet.ts";

const OLD = "1.0.0";
const NEW = "1.1.0";
/** Nobody waits this long in a test: a roll that waits where it should not fails by the clock of the test. */
const LONG: PolicyChange = { health: { deadlineSeconds: 3600 } };
const BRIEFLY: PolicyChange = { health: { deadlineSeconds: 0.3 } };

function three() {
  return FakeFleet.create({ "app-1": { runs: OLD }, "app-2": { runs: OLD }, "app-3": { runs: OLD } });
}

function replaced(host: string, release = NEW): string[] {
  return [`drain ${host}`, `stop ${host}`, `switch ${host} to ${release}`, `start ${host}`, `admit ${host}`];
}

async function failing(fleet: FakeFleet, policy: PolicyChange): Promise<RollFailed> {
  const error: unknown = await fleet.roll(NEW, { policy }).catch((thrown: unknown) => thrown);
  if (error instanceof RollFailed) return error;
  throw new Error(`expected RollFailed, got ${String(error)}`, { cause: error });
}

function done(fleet: FakeFleet): string[] {
  return fleet.journal.filter((entry) => !/^(stage|prune)/.test(entry));
}

describe("a peer whose process ends in the middle of a roll", () => {
  test("comes next, since that costs no capacity and repairs it; the roll finishes", async () => {
    const fleet = await three();
    fleet.when("start app-1", () => fleet.host("app-3").end());
    await fleet.roll(NEW, { policy: LONG });
    expect(done(fleet)).toEqual([...replaced("app-1"), ...replaced("app-3"), ...replaced("app-2")]);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW, "app-3": NEW });
    expect(fleet.messages("wait")).toEqual([]);
  });

  test("is restarted once if the roll had already brought it to the release", async () => {
    const fleet = await three();
    fleet.when("start app-2", () => fleet.host("app-1").end());
    await fleet.roll(NEW, { policy: LONG });
    expect(done(fleet)).toEqual([
      ...replaced("app-1"),
      ...replaced("app-2"),
      ...replaced("app-1"),
      ...replaced("app-3"),
    ]);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW, "app-3": NEW });
  });

  test("goes back to what it ran before the roll if it cannot be restarted", async () => {
    const fleet = await three();
    fleet.when("start app-2", async () => {
      await fleet.host("app-1").end();
      fleet.host("app-1").conduct[NEW] = "ends";
    });
    const { message } = await failing(fleet, LONG);
    expect(message).toContain(`app-1 is back on ${OLD}; app-2 went back to ${OLD}; app-3 was not touched.`);
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
  });

  test("and again ends by itself after a restart fails the roll, which rolls back", async () => {
    const fleet = await three();
    fleet.when("start app-2", async () => {
      await fleet.host("app-1").end();
      fleet.when("start app-3", () => fleet.host("app-1").end());
    });
    const { message } = await failing(fleet, LONG);
    expect(message).toMatch(
      /^app-1 passed its gates on 1\.1\.0 2 times but is no longer running it \(1\.1\.0, not running: .*\); app-1 went back to 1\.0\.0; /,
    );
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
  });

  test("and cannot be started fails the roll at once, without waiting for what only another roll can repair", async () => {
    const fleet = await three();
    fleet.when("start app-1", async () => {
      await fleet.host("app-2").end();
      fleet.host("app-2").errors.start = new RollgateError(
        "host-files",
        "app-2 cannot start: no such directory",
      );
    });
    const { message } = await failing(fleet, LONG);
    expect(done(fleet)).toEqual([
      ...replaced("app-1"),
      "drain app-2",
      "stop app-2",
      `switch app-2 to ${NEW}`,
      "drain app-2",
      "stop app-2",
      `switch app-2 to ${OLD}`,
      ...replaced("app-1", OLD),
    ]);
    expect(message).toMatch(
      /^app-2 failed its .* gate on 1\.1\.0: app-2 cannot start: no such directory; nginx saw .*\. Going back to 1\.0\.0 failed too \(.*\): app-2 stays drained; app-1 went back to 1\.0\.0; app-3 was not touched\. Now: app-1 1\.0\.0; app-2 1\.0\.0, not running; app-3 1\.0\.0\.$/,
    );
    expect(fleet.messages("rollback", "app-1")).toEqual([`going back to ${OLD} without app-2`]);
    expect(fleet.state).toMatchObject({ "app-1": OLD, "app-3": OLD });
  });

  test("keeps its JVM and stays drained, since a rollback does not wait for it", async () => {
    const fleet = await three();
    fleet.when("start app-2", () => {
      fleet.host("app-2").conduct[NEW] = "down";
      fleet.host("app-2").conduct[OLD] = "down";
    });
    const { message } = await failing(fleet, BRIEFLY);
    expect(message).toContain(`app-2 stays drained; app-1 went back to ${OLD}; app-3 was not touched.`);
    expect(fleet.messages("wait")).toEqual([]);
  });

  test("while a host is being drained puts that host back at once, and comes first", async () => {
    const fleet = await three();
    fleet.when("count app-1", () => fleet.host("app-3").end());
    await fleet.roll(NEW, { policy: LONG });
    expect(done(fleet)).toEqual([
      "drain app-1",
      "admit app-1",
      ...replaced("app-3"),
      ...replaced("app-1"),
      ...replaced("app-2"),
    ]);
    expect(fleet.messages("restore", "app-1")).toEqual([
      expect.stringMatching(
        /^takes traffic again: app-1 was not taken out: at least 2 of the others must serve, but app-3 does not \(/,
      ),
    ]);
  });
});

describe("a peer whose machine goes away in the middle of a roll", () => {
  test("is waited for, with its name and for how long; then the roll fails, giving the reason once", async () => {
    const fleet = await three();
    fleet.when("start app-1", () => fleet.host("app-2").vanish());
    const { message } = await failing(fleet, BRIEFLY);
    expect(done(fleet)).toEqual([...replaced("app-1"), ...replaced("app-1", OLD)]);
    expect(fleet.messages("wait")).toEqual([
      "for app-2 (unreachable: server of app-2 cannot be reached): 0 s of at most 0.3 s",
    ]);
    expect(message).toBe(
      `app-3 was not taken out: at least 2 of the others must serve, but app-2 does not (unreachable: server of app-2 cannot be reached); app-1 went back to ${OLD}; app-2 was not touched. Now: app-1 ${OLD}; app-2 unreachable; app-3 ${OLD}.`,
    );
    expect(fleet.messages("rollback", "app-1")).toEqual([`going back to ${OLD} without app-2`]);
  });

  test("leaves the only host that serves on the release it has", async () => {
    const fleet = await FakeFleet.create({ "app-1": { runs: OLD }, "app-2": { runs: OLD } });
    fleet.when("start app-1", async () => {
      await fleet.host("app-2").end();
      fleet.host("app-2").errors.start = new RollgateError("host-files", "no such directory");
    });
    const { message } = await failing(fleet, LONG);
    expect(fleet.state).toMatchObject({ "app-1": NEW });
    expect(message).toContain(
      `app-2 stays drained; app-1 keeps ${NEW}: going back would leave fewer than 1 of the others serving.`,
    );
  });

  test("holds up the way back if fewer than the configured number of others would serve", async () => {
    const fleet = await FakeFleet.create({
      "app-1": { runs: OLD },
      "app-2": { runs: OLD },
      "app-3": { runs: OLD },
      "app-4": { runs: OLD },
    });
    fleet.when("start app-1", async () => {
      await fleet.host("app-2").vanish();
      await fleet.host("app-3").vanish();
    });
    const { message } = await failing(fleet, { ...BRIEFLY, minimumHealthy: 2 });
    expect(done(fleet)).toEqual(replaced("app-1"));
    expect(message).toContain(
      `app-1 keeps ${NEW}: going back would leave fewer than 2 of the others serving`,
    );
  });

  test("comes next as soon as it is back", async () => {
    const fleet = await three();
    fleet.when("start app-1", async () => {
      await fleet.host("app-2").vanish();
      void vi
        .waitUntil(() => fleet.messages("wait").length > 0, 10_000)
        .then(() => {
          fleet.host("app-2").gone = undefined;
        });
    });
    await fleet.roll(NEW, { policy: LONG });
    expect(done(fleet)).toEqual([...replaced("app-1"), ...replaced("app-2"), ...replaced("app-3")]);
    expect(fleet.messages("wait")).toHaveLength(1);
  });

  test("does not hold up other hosts if fewer must serve; all others get the release, and the roll fails", async () => {
    const fleet = await three();
    fleet.when("start app-1", () => fleet.host("app-2").vanish());
    const { message } = await failing(fleet, { ...BRIEFLY, minimumHealthy: 1 });
    expect(done(fleet)).toEqual([...replaced("app-1"), ...replaced("app-3")]);
    expect(message).toBe(
      `app-2 could not be brought to ${NEW}: server of app-2 cannot be reached; app-1 and app-3 keep ${NEW}; app-2 was not touched. Now: app-1 ${NEW}; app-2 unreachable; app-3 ${NEW}.`,
    );
  });

  test("is not waited for while the others roll back", async () => {
    const fleet = await three();
    fleet.host("app-3").conduct[NEW] = "ends";
    fleet.when("start app-3", () => fleet.host("app-1").vanish());
    const { message } = await failing(fleet, { ...LONG, minimumHealthy: 1 });
    expect(message).toContain(
      `app-3 is back on ${OLD}; app-2 went back to ${OLD}; rolling back stopped: app-1 is unreachable: server of app-1 cannot be reached; app-1 keeps ${NEW}. Now: app-1 unreachable; app-2 ${OLD}; app-3 ${OLD}.`,
    );
  });

  test("in its own turn stays drained, and the rollback does not wait for it", async () => {
    const fleet = await three();
    fleet.when("stop app-1", () => fleet.host("app-1").vanish());
    const { message } = await failing(fleet, LONG);
    expect(message).toMatch(
      /^app-1 failed its .* gate on 1\.1\.0: server of app-1 cannot be reached; .* failed too \(server of app-1 cannot be reached\): app-1 stays drained; app-2 and app-3 were not touched\. Now: app-1 unreachable; app-2 1\.0\.0; app-3 1\.0\.0\.$/,
    );
  });
});

test("a host that is unreachable before the roll fails it before anything is touched, naming the host", async () => {
  const fleet = await three();
  const gone = new RollgateError("machine-unreachable", "server of app-2 cannot be reached");
  fleet.host("app-2").errors.preflight = gone;
  expect((await failing(fleet, LONG)).message).toBe(
    "server of app-2 cannot be reached. No host was touched.",
  );
  expect(fleet.journal).toEqual([]);
});

test("a host that passed its gates and is unhealthy at the end is a warning", async () => {
  const fleet = await three();
  fleet.when("start app-3", () => {
    fleet.host("app-1").conduct[NEW] = "down";
  });
  const { warnings } = await fleet.roll(NEW, { policy: { ...LONG, minimumHealthy: 1 } });
  const warning = 'passed its gates, but does not serve now (1.1.0, unhealthy: 503 DOWN {"status":"DOWN"})';
  expect(warnings).toEqual([`app-1 ${warning}`]);
  expect(fleet.messages("warning")).toEqual([`app-1 ${warning}`]);
});
