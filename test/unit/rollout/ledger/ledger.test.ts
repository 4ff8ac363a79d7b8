import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { Ledger } from "#rollout/ledger/ledger.ts";
import type { RequestCounter } from "#rollout/ledger/requestCounter.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0-a", "1.1.0-b"];

/** A counter of an nginx that answered one request of a host at each look. */
function counter(fleet: FakeFleet, change: Partial<RequestCounter> = {}): RequestCounter {
  const { port } = fleet.host("app-1");
  const nothing = { lost: 0, errors: 0, cut: 0, retries: 0, bytes: 9, latency: { 3: 1 } };
  return {
    name: "nginx at http://proxy",
    begin: async () => {
      await fleet.record("count");
      return true;
    },
    look: async () => {
      const second = Math.floor(Date.now() / 1000);
      const sums = [{ second, place: `127.0.0.1:${port}`, requests: 1, ...nothing }];
      return { at: second, sums, isFull: false };
    },
    stop: () => fleet.record("stop counting"),
    end: () => fleet.record("end counting"),
    ...change,
  };
}

async function oneHost(): Promise<FakeFleet> {
  return FakeFleet.create({ "app-1": { runs: OLD } });
}

test("a roll counts from before its first drain, and its last line says what it counted", async () => {
  const fleet = await oneHost();
  fleet.proxy.counters = [counter(fleet)];
  const { ledger } = await fleet.roll(NEW);
  expect(ledger).toMatchObject({ requests: 1, lost: 0 });
  expect(fleet.journal.indexOf("count")).toBeLessThan(fleet.journal.indexOf("drain app-1"));
  expect(fleet.journal.indexOf("end counting")).toBeGreaterThan(fleet.journal.indexOf("admit app-1"));
  expect(fleet.journal.filter((entry) => /^(stop|end) counting$/.test(entry))).toEqual(["end counting"]);
  expect(fleet.reports.at(-1)).toMatchObject({
    phase: "done",
    message: "1 request, 0 lost (no 502/503/504 from nginx, no upstream error), p99 1 ms",
  });
});

test.each([
  ["start-first", { runs: OLD, beside: "nothing" }, "start app-1_b", "admit app-1_b"],
  ["stop-first", { runs: OLD }, "stage app-1", "drain app-1"],
] as const)("what clients don't notice begins %s before nginx counts", async (_, host, beside, after) => {
  const fleet = await FakeFleet.create({ "app-1": host });
  const begin = async () => {
    await vi.waitUntil(() => fleet.journal.some((entry) => entry.startsWith(beside)), { timeout: 5_000 });
    await sleep(200);
    await fleet.record("count");
    return true;
  };
  fleet.proxy.counters = [counter(fleet, { begin })];
  await fleet.roll(NEW);
  const places = [beside, "count", after].map((each) =>
    fleet.journal.findIndex((entry) => entry.startsWith(each)),
  );
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((one, other) => one - other));
});

/** How many milliseconds the last look waits if a host was finished so long before, and `then` has happened since. */
async function waitAfter(
  milliseconds: number,
  then: (ledger: Ledger) => void = () => {},
  change: Partial<RequestCounter> = {},
): Promise<number> {
  const fleet = await oneHost();
  const ledger = new Ledger(fleet.hosts, [counter(fleet, change)], () => {});
  await ledger.begin();
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now() - milliseconds);
  onTestFinished(() => clock.mockRestore());
  ledger.finishes();
  clock.mockRestore();
  then(ledger);
  const began = now();
  await ledger.end();
  return now() - began;
}

test("the end waits for lines about requests that clients sent until the last host was finished", async () => {
  expect(await waitAfter(0)).toBeGreaterThan(290);
  expect(await waitAfter(10_000)).toBeLessThan(290);
});

test("the end waits no longer than nginx says that its lines take", async () => {
  const waited = await waitAfter(0, () => {}, { writtenMilliseconds: 50 });
  expect(waited).toBeGreaterThan(140);
  expect(waited).toBeLessThan(290);
});

test("the end waits for what a busy machine may add only if nobody can see what nginx has written", async () => {
  const asked: number[] = [];
  const lookOnceWritten = async (mostMilliseconds: number) => {
    asked.push(mostMilliseconds);
    return { at: Date.now() / 1000, sums: [], isFull: false };
  };
  const waited = await waitAfter(0, () => {}, { writtenMilliseconds: 50, lookOnceWritten });
  expect(waited).toBeGreaterThan(60);
  expect(waited).toBeLessThan(140);
  expect(asked).toEqual([80]);
});

test("the end waits for the last lines of all if a host was drained since one was finished", async () => {
  expect(await waitAfter(10_000, (ledger) => ledger.drains({ name: "app-1" }))).toBeGreaterThan(290);
});

/** A ledger of a host that has just been finished, whose nginx says when it is looked at, and when it stops counting. */
async function finished(looked: () => Promise<void> = async () => {}) {
  const fleet = await oneHost();
  const events: string[] = [];
  let fails = false;
  const counting = counter(fleet);
  const look = async () => {
    events.push("look");
    await looked();
    if (fails) {
      fails = false;
      throw new Error("awk: not found");
    }
    return counting.look();
  };
  const end = async () => void events.push("end");
  const fail = () => {
    fails = true;
  };
  const own = { look, end, writtenMilliseconds: 0 };
  const warnings: string[] = [];
  const ledger = new Ledger(fleet.hosts, [{ ...counting, ...own }], (message) => warnings.push(message));
  await ledger.begin();
  ledger.finishes();
  return { ledger, events, fail, warnings };
}

test("counting stops only after the last look, since what was written goes with it", async () => {
  const { ledger, events } = await finished();
  await ledger.end();
  expect(events).toEqual(["look", "end"]);
});

test("a last look that was taken ahead is the last one if no host was drained since", async () => {
  const { ledger, events } = await finished();
  ledger.readAhead();
  await ledger.read();
  expect(ledger.figures()).toMatchObject({ requests: 1 });
  await ledger.end();
  expect(events).toEqual(["look", "end"]);
});

test("while a last look is taken ahead, none comes after it only because it is time for one", async () => {
  const { ledger, events } = await finished(() => sleep(3_300));
  ledger.readAhead();
  await sleep(3_200);
  await ledger.end();
  expect(events).toEqual(["look", "end"]);
});

test("a last look that was taken ahead is not the last one if a host was drained since", async () => {
  const { ledger, events } = await finished();
  ledger.readAhead();
  ledger.drains({ name: "app-1" });
  ledger.finishes();
  await ledger.end();
  expect(events).toEqual(["look", "look", "end"]);
  const open = await finished();
  open.ledger.readAhead();
  open.ledger.drains({ name: "app-1" });
  await open.ledger.end();
  expect(open.events).toEqual(["look", "look", "end"]);
});

test("a last look ahead that failed is taken again", async () => {
  const { ledger, events, fail, warnings } = await finished();
  fail();
  ledger.readAhead();
  await ledger.end();
  expect(events).toEqual(["look", "look", "end"]);
  expect(warnings).toEqual([]);
});

test("requests belong to the release that answered, before the drain and after the admission", async () => {
  const fleet = await oneHost();
  const seconds: number[] = [];
  const place = `127.0.0.1:${fleet.host("app-1").port}`;
  const sum = { place, requests: 1, lost: 0, errors: 0, cut: 0, retries: 0, bytes: 9, latency: {} };
  const at = (offset: number) => () => void seconds.push(Date.now() / 1000 + offset);
  // Long before the drain, and long after the admission.
  fleet.when("drain app-1", at(-60));
  fleet.when("admit app-1", at(60));
  const look = async () => ({
    at: Date.now() / 1000,
    sums: seconds.map((second) => ({ ...sum, second: Math.floor(second) })),
    isFull: false,
  });
  fleet.proxy.counters = [counter(fleet, { look })];
  const releases: (string | undefined)[] = [];
  const changes: number[] = [];
  const began = Math.floor(Date.now() / 1000);
  await fleet.roll(NEW, {
    onCounted: ({ ledger, changesFrom }) => {
      releases.push(...ledger.map(({ release }) => release));
      changes.push(changesFrom);
    },
  });
  expect(releases).toEqual([OLD, NEW]);
  expect(changes).toEqual([expect.toSatisfy((from) => from >= began && from <= Date.now() / 1000)]);
});

test("a ledger that can't be read is one warning, and the roll goes on", async () => {
  const fleet = await oneHost();
  const look = async () => {
    throw new Error("awk: not found");
  };
  fleet.proxy.counters = [counter(fleet, { look })];
  const { warnings } = await fleet.roll(NEW);
  expect(warnings).toEqual(["not every request was counted: nginx at http://proxy: awk: not found"]);
  expect(fleet.state).toEqual({ "app-1": NEW });
});

test("a ledger that can't be started is a warning, and nothing is said about requests", async () => {
  const fleet = await oneHost();
  const begin = async () => {
    throw new Error("disk full");
  };
  fleet.proxy.counters = [counter(fleet, { begin })];
  const { warnings, ledger } = await fleet.roll(NEW);
  expect(warnings).toEqual(["not every request was counted: nginx at http://proxy: disk full"]);
  expect(ledger).toBeUndefined();
  expect(fleet.messages("done")).toEqual([]);
});

test("a file that became too long ends the counting, and is a warning", async () => {
  const fleet = await oneHost();
  const look = async () => ({ at: Date.now() / 1000, sums: [], isFull: true });
  fleet.proxy.counters = [counter(fleet, { look })];
  expect((await fleet.roll(NEW)).warnings).toEqual([
    "not every request was counted: nginx at http://proxy: its file became too long",
  ]);
});

test("an nginx that doesn't count is neither spoken of nor looked at", async () => {
  const fleet = await oneHost();
  fleet.proxy.counters = [counter(fleet, { begin: async () => false })];
  const { warnings, ledger } = await fleet.roll(NEW);
  expect([warnings, ledger]).toEqual([[], undefined]);
  expect(fleet.journal).not.toContain("stop counting");
});

test("counting ends when a roll fails before it has touched a host", async () => {
  const fleet = await oneHost();
  fleet.proxy.counters = [counter(fleet)];
  fleet.host("app-1").errors.stage = new Error("a bug");
  await expect(fleet.roll(NEW)).rejects.toThrow("a bug");
  expect(fleet.journal.at(-1)).toBe("end counting");
});

test("a roll sends its own requests while nginx counts, and keeps them apart from those of clients", async () => {
  const fleet = await oneHost();
  const place = `127.0.0.1:${fleet.host("app-1").port}`;
  const nothing = { lost: 0, errors: 0, cut: 0, retries: 0, bytes: 9, latency: { 3: 1 } };
  const asked: string[] = [];
  const look = async () => {
    const second = Math.floor(Date.now() / 1000) + 1;
    const clients = { second, place, requests: 1, ...nothing };
    const paths = [{ path: "/orders", lost: 0, errors: 1 }];
    return {
      at: second,
      sums: [clients, { ...clients, requests: asked.length, isProbe: true as const }],
      paths,
      isFull: false,
    };
  };
  const probe = async (path: string) => {
    asked.push(path);
    await fleet.happened("probe");
    return 200;
  };
  fleet.proxy.counters = [counter(fleet, { look, probe })];
  const counted: unknown[] = [];
  const { ledger, warnings } = await fleet.roll(NEW, {
    policy: { probeTraffic: { path: "/api/ping", requestsPerSecond: 100 }, timing: { soakSeconds: 1.2 } },
    onCounted: ({ ledger: rows, probes: own, paths }) =>
      counted.push(...rows.map(({ requests }) => requests), own, paths),
  });
  expect(warnings).toEqual([]);
  expect(new Set(asked)).toEqual(new Set(["/api/ping"]));
  const probes = { requests: asked.length, lost: 0, errors: 0 };
  expect(ledger).toMatchObject({ requests: 1, probes });
  expect(counted).toEqual([1, probes, [{ path: "/orders", lost: 0, errors: 1 }]]);
  expect(fleet.reports.at(-1)?.message).toMatch(
    new RegExp(`, p99 1 ms, \\+ ${asked.length} probe requests?, 0 lost$`),
  );
});

test("in a first deployment, a roll sends nothing before somebody answers", async () => {
  const fleet = await FakeFleet.create({ "app-1": {} });
  const asked: boolean[] = [];
  const probe = async () => {
    asked.push(fleet.host("app-1").running !== undefined && !fleet.proxy.without.has("app-1"));
    return 200;
  };
  fleet.proxy.counters = [counter(fleet, { probe })];
  // Longer than a roll waits before it sends the first one.
  fleet.when("start app-1", () => sleep(1_200));
  const policy = { probeTraffic: { path: "/", requestsPerSecond: 100 }, timing: { soakSeconds: 1.2 } };
  await fleet.roll(NEW, { policy });
  expect(asked.length).toBeGreaterThan(0);
  expect(asked).not.toContain(false);
});

test("an nginx that counts nothing can't send anything, and the roll says so", async () => {
  const fleet = await oneHost();
  fleet.proxy.counters = [counter(fleet, { begin: async () => false })];
  const { warnings } = await fleet.roll(NEW, {
    policy: { probeTraffic: { path: "/", requestsPerSecond: 1 } },
  });
  expect(warnings).toEqual([
    "no probe requests were sent: no nginx of this stack can tell them from those of clients",
  ]);
});
