import { describe, expect, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import type { Hook } from "#rollout/request/hooks.ts";
import { nextStepFor } from "#rollout/roll/nextStepFor.ts";
import { type Before, FakeFleet, LAUNCH, type PolicyChange } from "../../../support/fakeFleet.ts";

const OLD = "1.0.0";
const NEW = "1.1.0";
const ORDERS: [title: string, host: Before][] = [
  ["stop-first", { runs: OLD }],
  ["start-first", { runs: OLD, beside: "nothing" }],
];

const here = (command: Hook["command"]) => [{ command, where: "deployer", deadlineSeconds: 20 } as const];
const onHost = (command: Hook["command"]) => [{ command, where: "first-host", deadlineSeconds: 20 } as const];
const echo = 'echo "$ROLLGATE_HOOK from $ROLLGATE_RELEASE_FROM to $ROLLGATE_RELEASE"';
const ALL = {
  beforeRoll: here(echo),
  beforeHost: here(echo),
  afterHost: here(echo),
  afterRoll: here(echo),
  onFailure: here('echo "$ROLLGATE_HOST failed in $ROLLGATE_PHASE: $ROLLGATE_FAILURE"'),
};
/** Fails on this host only. */
const failsOn = (host: string) => here(`[ "$ROLLGATE_HOST" != ${host} ] || { echo no; exit 3; }`);

/** What hooks printed, and when hosts were admitted. */
function story({ reports }: FakeFleet): string[] {
  return reports
    .filter(({ phase, message }) => phase === "admit" || (phase === "hook" && message.startsWith("| ")))
    .map(({ host = "fleet", phase, message }) =>
      phase === "admit" ? `${host} admitted` : `${host} ${message.slice(2)}`,
    );
}

async function failing(fleet: FakeFleet, policy: PolicyChange): Promise<RollFailed> {
  const error = await fleet.roll(NEW, { policy }).catch((thrown: unknown) => thrown);
  if (!(error instanceof RollFailed)) throw new Error(`expected RollFailed, got ${String(error)}`);
  return error;
}

describe.each(ORDERS)("hooks of a roll, %s", (_, host) => {
  const fleetOf = () => FakeFleet.create({ "app-1": host, "app-2": host });

  test("run at their moments", async () => {
    const fleet = await fleetOf();
    const { warnings } = await fleet.roll(NEW, { policy: { hooks: ALL } });
    const ofHost = (name: string) => [
      `${name} beforeHost from ${OLD} to ${NEW}`,
      `${name} admitted`,
      `${name} afterHost from ${OLD} to ${NEW}`,
    ];
    expect(story(fleet)).toEqual([
      `fleet beforeRoll from ${OLD} to ${NEW}`,
      ...ofHost("app-1"),
      ...ofHost("app-2"),
      `fleet afterRoll from ${OLD} to ${NEW}`,
    ]);
    expect(warnings).toEqual([]);
  });

  test("run on the first host after the release is staged and before anything starts", async () => {
    const fleet = await fleetOf();
    await fleet.roll(NEW, { policy: { hooks: { beforeRoll: onHost("migrate") } } });
    expect(fleet.journal.slice(0, 3).toSorted()).toEqual([
      "run migrate on app-1",
      "stage app-1",
      "stage app-2",
    ]);
    expect(fleet.journal[2]).toBe("run migrate on app-1");
    expect(fleet.journal.filter((entry) => entry.startsWith("run "))).toHaveLength(1);
  });

  test("are followed by another look at the hosts, since they may take long", async () => {
    const fleet = await fleetOf();
    fleet.when("run migrate on app-1", () => fleet.host("app-2").end());
    await fleet.roll(NEW, { policy: { hooks: { beforeRoll: onHost("migrate") }, minimumHealthy: 0 } });
    // A host that has stopped serving comes first.
    const started = fleet.journal.filter((entry) => entry.startsWith("start "));
    expect(started.map((entry) => entry.slice("start ".length, "start app-2".length))).toEqual([
      "app-2",
      "app-1",
    ]);
  });

  test("touch nothing if beforeRoll fails", async () => {
    const fleet = await fleetOf();
    const error = await failing(fleet, { hooks: { ...ALL, beforeRoll: here("echo why; exit 3") } });
    expect(fleet.journal).toEqual(["stage app-1", "stage app-2"]);
    expect(error.message).toMatch(
      /^the beforeRoll hook "echo why; exit 3" failed with exit code 3: why; app-1 and app-2 were not touched\. Now: app-1 1\.0\.0/,
    );
    expect(error.evidence).toEqual(["why"]);
    expect(nextStepFor(error)).toBe("see what the hook printed above, then run `pulumi up` again");
    expect(story(fleet).at(-1)).toMatch(/^fleet {2}failed in : the beforeRoll hook /);
  });

  test("leave a host alone whose beforeHost fails, and take back those before it", async () => {
    const fleet = await fleetOf();
    const { message } = await failing(fleet, { hooks: { ...ALL, beforeHost: failsOn("app-2") } });
    expect(message).toMatch(
      /^app-2 was not touched: the beforeHost hook ".*" failed with exit code 3: no; app-1 went back to 1\.0\.0\. Now: /,
    );
    const touched = fleet.journal.filter((entry) => !/^(stage|prune) /.test(entry));
    expect(touched.filter((entry) => entry.includes("app-2"))).toEqual([]);
    expect(Object.values(fleet.state)).toContain(OLD);
    expect(Object.values(fleet.state)).not.toContain(NEW);
    // The way back is not the user's roll.
    expect(story(fleet).filter((line) => line.startsWith("app-1 "))).toEqual([
      "app-1 admitted",
      `app-1 afterHost from ${OLD} to ${NEW}`,
      "app-1 admitted",
    ]);
  });

  test("take a host back whose afterHost fails, as after any gate", async () => {
    const fleet = await fleetOf();
    const { message } = await failing(fleet, { hooks: { ...ALL, afterHost: failsOn("app-1") } });
    expect(message).toMatch(
      /^app-1 failed its hook gate on 1\.1\.0: the afterHost hook ".*" failed with exit code 3: no; nginx saw 200 UP\. app-1 /,
    );
    expect(message).toContain("app-2 was not touched");
    expect(Object.values(fleet.state)).not.toContain(NEW);
    expect(fleet.host("app-1").lastKnownGood?.release).not.toBe(NEW);
    expect(story(fleet).at(-1)).toMatch(
      /^fleet app-1 failed in hook: app-1 failed its hook gate on 1\.1\.0: /,
    );
  });

  test("warn if afterRoll fails", async () => {
    const fleet = await fleetOf();
    const { warnings } = await fleet.roll(NEW, { policy: { hooks: { afterRoll: here("exit 3") } } });
    expect(warnings).toEqual([
      'the afterRoll hook "exit 3" failed with exit code 3; the release is in place',
    ]);
    expect(fleet.messages("warning")).toEqual(warnings);
  });

  test("don't hide the failure of a release", async () => {
    const fleet = await fleetOf();
    fleet.host("app-1").conduct[NEW] = "ends";
    const { message } = await failing(fleet, { hooks: { ...ALL, onFailure: here("exit 3") } });
    expect(message).toMatch(/^app-1 failed its health gate on 1\.1\.0: the process ended by itself/);
    expect(fleet.messages("hook").at(-1)).toBe('the onFailure hook "exit 3" failed with exit code 3');
  });
});

test("hooks don't run if there is nothing to roll", async () => {
  const good = { release: OLD, launch: LAUNCH };
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD, lastKnownGood: good } });
  await fleet.roll(OLD, { policy: { hooks: { ...ALL, beforeRoll: onHost("migrate") } } });
  expect(fleet.messages("hook")).toEqual([]);
  expect(fleet.journal).not.toContain("run migrate on app-1");
});

test("onFailure also hears of a roll that could not begin", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: OLD } });
  fleet.host("app-1").errors.stage = new RollFailed("the disk is full", []);
  await failing(fleet, { hooks: ALL });
  expect(story(fleet)).toEqual(["fleet  failed in : the disk is full. No host was touched."]);
});

describe.each(ORDERS)("a warm-up, %s", (_, host) => {
  const slot = host.beside === undefined ? "app-1" : "app-1_b";
  const warmUp = { paths: ["/", "/orders"], requests: 6, seconds: 10 };
  const fleetOf = async () => {
    const fleet = await FakeFleet.create({ "app-1": host, "app-2": host });
    const one = fleet.host("app-1");
    return { fleet, warmed: one.second ?? one };
  };

  test("comes after the gates and before the first request of a client", async () => {
    const { fleet, warmed } = await fleetOf();
    fleet.when(`visit ${slot}`, () => fleet.journal.push(`visit ${slot}`));
    const { rolled } = await fleet.roll(NEW, { policy: { warmUp } });
    const journal = fleet.journal.filter((entry) => entry.endsWith(slot) && !entry.startsWith("prune"));
    expect(journal.slice(journal.indexOf(`start ${slot}`))).toEqual([
      `start ${slot}`,
      `visit ${slot}`,
      `admit ${slot}`,
    ]);
    expect(warmed.visited.toSorted()).toEqual(["/", "/", "/", "/orders", "/orders", "/orders"]);
    const phases = fleet.reports.filter((report) => report.host === "app-1").map(({ phase }) => phase);
    expect(phases.slice(phases.indexOf("upstream"), phases.indexOf("admit") + 1)).toEqual([
      "upstream",
      "warm-up",
      "admit",
    ]);
    expect(fleet.messages("warm-up", "app-1")).toEqual([
      expect.stringMatching(/^6 requests in \d+(\.\d)? s, the last took \d+ ms \(the first \d+ ms\)$/),
    ]);
    expect(rolled[0]?.times["warm-up"]).toBeGreaterThan(0);
  });

  test("that an application does not survive keeps it from clients", async () => {
    const { fleet, warmed } = await fleetOf();
    fleet.when(`visit ${slot}`, () => warmed.end());
    const { message } = await failing(fleet, { warmUp });
    expect(message).toMatch(/^app-1 failed its warm-up gate on 1\.1\.0: the process ended by itself; /);
    const journal = fleet.journal.filter((entry) => entry.endsWith(slot));
    const restarted = journal.indexOf(`start ${slot}`, journal.indexOf(`start ${slot}`) + 1);
    const admitted = journal.indexOf(`admit ${slot}`);
    expect(admitted === -1 || admitted > restarted).toBe(true);
  });

  test("without a good answer is a warning, and its errors don't fail the roll", async () => {
    const { fleet, warmed } = await fleetOf();
    warmed.visitStatus = 500;
    const { warnings } = await fleet.roll(NEW, { policy: { warmUp } });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^app-1 was not warmed up: 6 requests, all failed \(500 from \/\), in \d+(\.\d)? s$/,
      ),
    ]);
  });
});
