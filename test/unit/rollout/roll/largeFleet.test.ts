import { expect, test, vi } from "vitest";
import { plan } from "#provider/plan.ts";
import { survey } from "#provider/survey.ts";
import { RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { NginxGroup } from "#rollout/nginx/nginxGroup.ts";
import { rollRequest } from "#rollout/request/rollRequest.ts";
import { condensed } from "#rollout/roll/condensed.ts";
import { FleetView } from "#rollout/roll/fleetView.ts";
import { preflight, stageEverywhere } from "#rollout/roll/preflight.ts";
import { formatReport, type Report } from "#rollout/roll/reporter.ts";
import { type Fleet, roll } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { SimulatedFleet } from "../../../../harness/simulatedFleet.ts";
import { FakeNginx } from "../../../support/fakeNginx.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const POLICY: RollPolicy = {
  health: {
    path: "/",
    passes: 1,
    intervalMilliseconds: 1,
    timeoutMilliseconds: 1000,
    deadlineSeconds: 1,
  },
  timing: {
    settleSeconds: 1,
    graceSeconds: 1,
    soakSeconds: 0,
    rollDeadlineSeconds: 60,
    leaseWaitSeconds: 0,
    slowestRequestSeconds: 0,
    shutdownPhaseSeconds: 0,
  },
  order: "stop-first",
  batch: ["5%"],
  minimumHealthy: 900,
  keepReleases: 3,
  onFailure: "rollback",
};

/** Rolls to 2.0.0, and returns the lines that a person reads. */
async function rolled(fleet: Fleet, policy: Partial<RollPolicy> = {}) {
  const lines: string[] = [];
  const told: Report[] = [];
  const print = condensed((report) => lines.push(formatReport(report)), fleet.hosts.length);
  const jar = { path: "", version: "2.0.0", sha256: "" };
  const failure = await roll(
    fleet,
    { release: "2.0.0", jar },
    { ...POLICY, ...policy },
    {
      owner: "test",
      reporter: (report) => {
        told.push(report);
        print(report);
      },
      signal: new AbortController().signal,
      leaseTiming: { heartbeatMilliseconds: 2_000, expiryMilliseconds: 15_000, waitMilliseconds: 0 },
    },
  ).then(
    () => undefined,
    (error: unknown) => (error instanceof RollFailed ? error : Promise.reject(error)),
  );
  return { lines, told, failure };
}

test("a thousand hosts are rolled in batches, with a few looks at each and two lines per batch", async () => {
  const fleet = new SimulatedFleet(1000, "1.0.0");
  const { lines, told, failure } = await rolled(fleet);
  expect(failure).toBeUndefined();
  expect(new Set(fleet.hosts.map(({ release }) => release))).toEqual(new Set(["2.0.0"]));
  expect(fleet.proxy.mostOut).toBe(50);
  expect(fleet.looks).toBeLessThan(150 * fleet.hosts.length);
  expect(lines).toHaveLength(2 + 2 * 20);
  expect(lines[2]).toMatch(/fleet +batch +batch 1: app-1, app-2, app-3, app-4, app-5, and 45 more begin$/);
  expect(lines.at(-1)).toMatch(/batch 20: 50 hosts done in [\d.]+ s; 1,000 of 1,000 hosts are done$/);
  expect(lines[3]).toMatch(/50 of 1,000 hosts are done, about \d+ s to go$/);
  expect(told.filter(({ phase }) => phase === "admit")).toHaveLength(1000);
});

test("hosts that die elsewhere in a large fleet end the roll before too few serve", async () => {
  const fleet = new SimulatedFleet(200, "1.0.0");
  fleet.proxy.onDrain = ({ name }) => {
    if (name !== "app-11") return;
    for (const host of fleet.hosts.slice(100, 150)) host.isGone = true;
  };
  const { failure } = await rolled(fleet, { minimumHealthy: 180 });
  expect(failure?.message).toMatch(
    /^app-\d+ was not taken out: at least 180 of the others must serve, but app-101 does not \(unreachable: simulated\)/,
  );
  expect(fleet.hosts.filter(({ release }) => release === "2.0.0").length).toBeLessThanOrEqual(20);
});

test("a release that fails in a large fleet goes back, and the failure names a few hosts and counts the others", async () => {
  const fleet = new SimulatedFleet(100, "1.0.0");
  for (const host of fleet.hosts.slice(30, 40)) host.bad.add("2.0.0");
  const { lines, failure } = await rolled(fleet, { batch: [10], minimumHealthy: 80 });
  expect(new Set(fleet.hosts.map(({ release }) => release))).toEqual(new Set(["1.0.0"]));
  expect(failure?.message).toContain(
    "app-41, app-42, app-43, app-44, app-45, and 55 more were not touched. Now: app-1, app-2, app-3, app-4, app-5, and 95 more 1.0.0.",
  );
  expect(lines.filter((line) => line.includes(" restore "))).toHaveLength(10);
  expect(lines.filter((line) => line.includes(" rollback "))).toHaveLength(30);
});

test("several nginx share a large fleet: each host is drained and admitted in all of them, and a roll goes on without one that dies", async () => {
  const { hosts, leases } = new SimulatedFleet(200, "1.0.0");
  const [a, b] = [new FakeNginx("http://a"), new FakeNginx("http://b")];
  let most = 0;
  a.before = (entry) => {
    most = Math.max(most, b.flags.size);
    if (entry === "drain app-101") b.die();
    if (entry === "drain app-151") b.comeBack();
  };
  const proxy = new NginxGroup([a, b]);
  const { lines, failure } = await rolled({ hosts, proxy, leases }, { minimumHealthy: 180 });
  expect(failure).toBeUndefined();
  expect(new Set(hosts.map(({ release }) => release))).toEqual(new Set(["2.0.0"]));
  for (const host of hosts) {
    expect(a.journal).toContain(`drain ${host.name}`);
    expect(b.journal.join()).toMatch(new RegExp(`(drain ${host.name}|mark ${host.name} true)(,|$)`));
  }
  expect([a.flags, b.flags]).toEqual([new Set(), new Set()]);
  expect(most).toBe(10);
  expect(lines.filter((line) => / nginx {5}/.test(line))).toEqual([
    expect.stringContaining(
      "nginx at http://b does not answer: ECONNREFUSED; the roll goes on with nginx at",
    ),
    expect.stringContaining("nginx at http://b is back, with the right drains"),
  ]);
});

test("a small fleet's log keeps a line for each phase of each host", async () => {
  const { lines, told } = await rolled(new SimulatedFleet(3, "1.0.0"), { minimumHealthy: 2 });
  expect(lines).toEqual(told.map(formatReport));
});

test("nginx is asked once for the drains of a fleet that is surveyed", async () => {
  const fleet = new SimulatedFleet(60, "1.0.0", 1);
  const drained = vi.spyOn(fleet.proxy, "drained");
  const { rollingOrder } = await survey(fleet);
  expect(rollingOrder).toHaveLength(60);
  expect(drained).toHaveBeenCalledTimes(1);
});

test("fifty hosts of a large fleet are asked or prepared at a time, so that none is late because of the others", async () => {
  const fleet = new SimulatedFleet(200, "1.0.0", 1);
  let [now, most] = [0, 0];
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    most = Math.max(most, ++now);
    return work.finally(() => now--);
  };
  for (const host of fleet.hosts) {
    const { observe, preflight, stage } = host;
    host.observe = () => counted(observe.call(host));
    host.preflight = () => counted(preflight.call(host));
    host.stage = (id) => counted(stage.call(host, id));
  }
  const desired = { release: "2.0.0", jar: { path: "", version: "2.0.0", sha256: "" } };
  const context = { ...fleet, policy: POLICY, signal: AbortSignal.timeout(10_000), report: () => {} };
  const { jar: _, ...valid } = validRequest();
  for (const work of [
    () => survey(fleet),
    () => plan(fleet, { ...rollRequest.parse(valid), release: "2.0.0" }),
    () => new FleetView(context).look(),
    () => preflight(desired, context),
    () => stageEverywhere(desired, context),
  ]) {
    most = 0;
    await work();
    expect(most).toBe(50);
  }
});

test.for([
  [
    "someone asked the roll to stop",
    () => new RollgateError("stop-requested", "someone asked the roll to stop"),
  ],
  ["it took longer than 60 s", () => new DOMException("The operation was aborted", "TimeoutError")],
] as const)(
  "a roll that is stopped because %s begins nothing on the hosts that were still to come",
  async ([why, reason]) => {
    const fleet = new SimulatedFleet(200, "1.0.0", 1);
    let [begun, stopping] = [0, new AbortController()];
    for (const host of fleet.hosts) {
      const begin = async <T>(work: Promise<T>): Promise<T> => {
        if (++begun === 50) stopping.abort(reason());
        return work;
      };
      const { observe, preflight, stage } = host;
      host.observe = () => begin(observe.call(host));
      host.preflight = () => begin(preflight.call(host));
      host.stage = (id) => begin(stage.call(host, id));
    }
    const desired = { release: "2.0.0", jar: { path: "", version: "2.0.0", sha256: "" } };
    const message = `the roll was stopped: ${why}. No host was touched.`;
    for (const [work, failure] of [
      [preflight, message],
      [stageEverywhere, message],
      [
        (_: unknown, context: Parameters<typeof preflight>[1]) =>
          new FleetView({ ...fleet, ...context }).look(),
        "",
      ],
    ] as const) {
      [begun, stopping] = [0, new AbortController()];
      const context = { ...fleet, policy: POLICY, signal: stopping.signal, report: () => {} };
      await expect(work(desired, context)).rejects.toThrow(failure);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(begun).toBe(50);
    }
  },
);
