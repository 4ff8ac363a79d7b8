import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { plan } from "#provider/plan.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Drains } from "#rollout/nginx/reverseProxy.ts";
import { type RollRequest, rollRequest } from "#rollout/request/rollRequest.ts";
import { freePort } from "../../../harness/freePort.ts";
import { CHECK } from "../../support/askedServers.ts";
import { type Before, FakeFleet } from "../../support/fakeFleet.ts";
import { validRequest } from "../../support/rollRequest.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const RUNS: Before = { runs: OLD };

/** What a roll of these hosts to the new release would do. */
async function planned(
  hosts: Readonly<Record<string, Before>>,
  settings: Partial<RollRequest> = {},
  prepare: (fleet: FakeFleet) => unknown = () => {},
  requestBefore: (request: RollRequest) => RollRequest | undefined = () => undefined,
) {
  const fleet = await FakeFleet.create(hosts);
  await prepare(fleet);
  const { jar: _, ...valid } = validRequest();
  const request = { ...rollRequest.parse(valid), release: NEW, minimumHealthy: 1, ...settings };
  const before = fleet.journal.length;
  const seen = await plan(fleet, request, requestBefore(request));
  expect(fleet.journal.slice(before)).toEqual([]);
  return seen;
}

test("hosts take turns, those first that don't serve", async () => {
  const { forecast } = await planned({ "app-1": RUNS, "app-2": RUNS, "app-3": { current: OLD } });
  expect(forecast).toBe("app-3, then app-1, then app-2");
});

test("a batch is rolled side by side, and never over zones", async () => {
  const hosts = Object.fromEntries(
    [1, 2, 3, 4, 5].map((number) => [
      `app-${number}`,
      { ...RUNS, zone: number % 2 === 0 ? "south" : "north" },
    ]),
  );
  const { forecast } = await planned(hosts, { batch: [1, "50%"] });
  expect(forecast).toBe("app-1, then app-2 and app-4 side by side, then app-3 and app-5 side by side");
});

test("hosts that have the release already are not touched", async () => {
  const done = { runs: NEW, lastKnownGood: { release: NEW, launch: "launch-1" } };
  expect((await planned({ "app-1": done, "app-2": RUNS })).forecast).toBe("app-2");
});

test("how a host gets its new JVM is told with the reason", async () => {
  const { hosts } = await planned(
    { "app-1": { ...RUNS, beside: "nothing" }, "app-2": RUNS },
    { order: "start-first" },
  );
  expect(hosts).toEqual({ "app-1": "start-first (as set)" });
});

test("a host that can't be reached is named, since a roll would be refused", async () => {
  const { forecast, warnings } = await planned({ "app-1": RUNS, "app-2": RUNS, "app-3": RUNS }, {}, (fleet) =>
    fleet.host("app-2").vanish(),
  );
  const why = "app-2 can't be reached: server of app-2 cannot be reached";
  expect(forecast).toBe(`refused as long as ${why}`);
  expect(warnings).toEqual([`a roll is refused as long as ${why}`]);
});

test("a port that somebody else has is named, unless the host serves all the same", async () => {
  const { forecast, warnings } = await planned({ "app-1": RUNS, "app-2": {} }, {}, (fleet) => {
    for (const name of ["app-1", "app-2"])
      fleet.host(name).intruders.nothing = { kind: "other", name: "pid 4711 (sleep)" };
  });
  const why = /a roll is refused as long as port \d+ of app-2 is taken by pid 4711 \(sleep\)/;
  expect(warnings).toEqual([expect.stringMatching(why)]);
  expect(forecast).toMatch(/^refused as long as port \d+ of app-2 is taken by/);
});

test("a check that nobody answers is named, since a roll would be refused, unless that is ignored", async () => {
  const prometheus = `http://127.0.0.1:${await freePort("127.0.0.1")}`;
  const check = { ...CHECK, name: "error rate", prometheus, query: "up", max: 1 };
  const hosts = { "app-1": RUNS, "app-2": RUNS };
  const { forecast, warnings } = await planned(hosts, { analysisChecks: [check] });
  const why = new RegExp(
    `refused as long as error rate: ${prometheus} gave no answer: connect ECONNREFUSED [\\d.:]+`,
  );
  expect(forecast).toMatch(new RegExp(`^${why.source}; app-1, then app-2$`));
  expect(warnings).toEqual([expect.stringMatching(new RegExp(`^a roll is ${why.source}$`))]);
  const ignored = await planned(hosts, { analysisChecks: [{ ...check, onError: "ignore" }] });
  expect(ignored).toMatchObject({ forecast: "app-1, then app-2", warnings: [] });
});

test("too few hosts that serve are named, with what is wrong with the others", async () => {
  const hosts = { "app-1": RUNS, "app-2": RUNS, "app-3": { ...RUNS, drained: true }, "app-4": RUNS };
  const seen = (minimumHealthy: number) =>
    planned(hosts, { minimumHealthy }, (fleet) => {
      fleet.host("app-2").conduct[OLD] = "down";
    });
  const line =
    'only 2 of 4 hosts serve, and minimumHealthy is 3: app-2 (1.0.0, unhealthy: 503 DOWN {"status":"DOWN"}) and app-3 (1.0.0, drained: 200 UP) do not';
  const { forecast, warnings } = await seen(3);
  expect(forecast).toBe(`${line}; app-2, then app-3, then app-1, then app-4`);
  expect(warnings).toEqual([line]);
  expect((await seen(2)).warnings).toEqual([]);
  expect(
    (await planned({ "app-1": RUNS, "app-2": {}, "app-3": {} }, { minimumHealthy: 2 })).warnings,
  ).toEqual([]);
});

test("a host that the same update makes is no obstacle before it is there", async () => {
  const seen = await planned(
    { "app-1": RUNS, "app-2": {} },
    {},
    (fleet) => fleet.host("app-2").vanish(),
    (request) => ({ ...request, hosts: request.hosts.filter(({ name }) => name !== "app-2") }),
  );
  expect(seen).toMatchObject({ forecast: "", warnings: [] });
});

test("hosts without room for the release are named with what they lack, and the others are not", async () => {
  const jar = { path: join(await temporaryDirectory(), "app.jar"), version: NEW, sha256: "a".repeat(64) };
  await writeFile(jar.path, "x".repeat(3_000_000));
  const staged = { runs: OLD, releases: [OLD, NEW] };
  const hosts = { "app-1": RUNS, "app-2": staged, "app-3": RUNS, "app-4": RUNS };
  const fill = (fleet: FakeFleet) => {
    const disk = (name: string, freeBytes: number, heldBytes = 0) => {
      fleet.host(name).disk = { freeBytes, heldBytes, disk: name };
    };
    disk("app-1", 1_000_000);
    disk("app-2", 1_000_000);
    // As exact as staging is.
    disk("app-3", 1_000_000, 2_000_000 - 1023);
  };
  const { forecast, warnings } = await planned(hosts, { jar }, fill);
  const why = "app-1 has no room for 1.1.0: 976 KiB are free, 2,929 KiB are needed";
  expect(forecast).toBe(`refused as long as ${why}; app-1, then app-2, then app-3, then app-4`);
  expect(warnings).toEqual([`a roll is refused as long as ${why}`]);
  expect((await planned(hosts, {}, fill)).warnings).toEqual([]);
});

test("hosts that share a disk need room for all their copies", async () => {
  const jar = { path: join(await temporaryDirectory(), "app.jar"), version: NEW, sha256: "a".repeat(64) };
  await writeFile(jar.path, "x".repeat(1_024_000));
  const { warnings } = await planned({ "app-1": RUNS, "app-2": RUNS, "app-3": RUNS }, { jar }, (fleet) => {
    for (const [index, host] of fleet.hosts.entries())
      host.disk = { freeBytes: 1_536_000, heldBytes: 0, disk: index < 2 ? "shared" : "own" };
  });
  expect(warnings).toEqual([
    "a roll is refused as long as app-1 and app-2 share a disk that has no room for 1.1.0: 1,500 KiB are free, 2,000 KiB are needed",
  ]);
});

test("a second JVM that is set to start first, but may not fit, is doubted", async () => {
  const { hosts, warnings } = await planned(
    { "app-1": { ...RUNS, beside: "nothing" }, "app-2": { ...RUNS, beside: "nothing" } },
    { order: "start-first" },
    (fleet) => {
      fleet.host("app-1").room = { availableBytes: 2 ** 28, neededBytes: 2 ** 28 };
    },
  );
  const line = "start-first (as set, though there may be no room: 256 MB free, the running JVM needs 256 MB)";
  expect(hosts).toEqual({ "app-1": line, "app-2": "start-first (as set)" });
  expect(warnings).toEqual([`app-1: ${line}`]);
});

test("a host that runs but doesn't serve stops first, whatever is set", async () => {
  const { hosts } = await planned(
    { "app-1": { ...RUNS, beside: "nothing", drained: true }, "app-2": RUNS },
    { order: "start-first" },
  );
  expect(hosts).toEqual({ "app-1": "stop-first (it doesn't serve)" });
});

test("an nginx that is not there yet is left out", async () => {
  const seen = await planned({ "app-1": RUNS, "app-2": RUNS }, {}, silence);
  expect(seen).toEqual({ hosts: {}, forecast: "", warnings: [] });
});

test("an nginx that was there and doesn't answer is named, and so are hosts that can't be reached", async () => {
  const { forecast } = await planned(
    { "app-1": RUNS, "app-2": RUNS },
    {},
    async (fleet) => {
      silence(fleet);
      const why = "app-2 cannot tell what it runs: server-2 cannot be reached: timed out";
      fleet.host("app-2").gone = new RollgateError("machine-unreachable", why);
    },
    (request) => request,
  );
  expect(forecast).toBe(
    "nginx does not answer; refused as long as app-2 can't be reached: server-2 cannot be reached: timed out",
  );
});

test("an nginx that accepts a question and never answers is named, too", async () => {
  const { timeout } = AbortSignal;
  const sooner = vi
    .spyOn(AbortSignal, "timeout")
    .mockImplementation((milliseconds) => timeout.call(AbortSignal, milliseconds / 50));
  onTestFinished(() => sooner.mockRestore());
  const { forecast } = await planned(
    { "app-1": RUNS, "app-2": RUNS },
    {},
    ({ proxy }) => {
      proxy.drained = (signal?: AbortSignal) =>
        new Promise<Drains>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
    (request) => request,
  );
  expect(forecast).toMatch(/^nginx at http:\/\/proxy did not answer within 10 s/);
});

test("somebody else's roll is named", async () => {
  const { forecast, warnings } = await planned({ "app-1": RUNS, "app-2": RUNS }, {}, ({ leases }) =>
    leases.claim(7, { owner: "ci@runner (pid 12)", since: "2026-11-27T04:00:00Z", beat: 1, released: false }),
  );
  const roller = "ci@runner (pid 12) has been rolling this fleet since 2026-11-27T04:00:00Z";
  expect(forecast).toBe(`${roller}; app-1, then app-2`);
  expect(warnings).toEqual([roller]);
});

function silence({ proxy }: FakeFleet): void {
  proxy.error = new RollgateError("unreachable", "nginx does not answer");
}

test("a preview says why hosts would start without the startup cache that is wanted", async () => {
  const hosts = { "app-1": RUNS, "app-2": RUNS };
  const wanted = { startupCache: "auto", jar: { path: "/srv/app.jar", version: NEW, sha256: "" } } as const;
  expect((await planned(hosts, wanted)).forecast).toBe(
    "app-1, then app-2; without a startup cache, which these hosts can't have yet",
  );
  const { forecast } = await planned(hosts, wanted, (fleet) => {
    fleet.host("app-2").startupCache = {
      prepare: async () => undefined,
      make: async () => {},
      read: async () => ({ sha256: "", compressed: Buffer.alloc(0) }),
      install: async () => {},
    };
  });
  expect(forecast).toBe(
    "app-1, then app-2; without a startup cache, since the release is no jar of Spring Boot 3.3 or later",
  );
});

test("of a large fleet, the first batch is told, how many more there are, and in short how hosts get their new JVM", async () => {
  const hosts = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`app-${index + 1}`, { ...RUNS, beside: "nothing" as const }]),
  );
  const { forecast, hosts: orders } = await planned(hosts, { batch: ["10%"], order: "auto" });
  expect(forecast).toBe(
    "60 hosts in 10 batches of at most 6: app-1, app-2, app-3, app-4, app-5, and app-6 side by side, then 9 more batches",
  );
  expect(new Set(Object.values(orders))).toEqual(new Set(["start-first (it has room for a second JVM)"]));
  const { forecast: staged } = await planned(hosts, { batch: [1, "50%", "100%"], order: "auto" });
  expect(staged).toBe("60 hosts in 3 batches of 1, 30, and 29: app-1, then 2 more batches");
});

test("of many hosts that can't be reached, the first few are named", async () => {
  const hosts = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`app-${index + 1}`, RUNS]));
  const { forecast, warnings } = await planned(hosts, {}, async (fleet) => {
    for (const { name } of fleet.hosts.slice(1)) await fleet.host(name).vanish();
  });
  expect(warnings).toHaveLength(6);
  expect(warnings.at(-1)).toBe("a roll is refused as long as 54 more hosts can't be reached");
  expect(forecast).toMatch(/app-6 can't be reached: .*, and as long as 54 more hosts can't be reached$/);
});

test("an nginx that hangs holds up the hosts of a large fleet once, not in turn", async () => {
  const timeout = AbortSignal.timeout;
  const sooner = vi
    .spyOn(AbortSignal, "timeout")
    .mockImplementation((milliseconds) => timeout.call(AbortSignal, milliseconds / 10));
  onTestFinished(() => sooner.mockRestore());
  const hosts = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`app-${index + 1}`, RUNS]));
  let asked = 0;
  await planned(hosts, {}, ({ proxy }) => {
    proxy.drained = (signal?: AbortSignal) =>
      new Promise<Drains>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    proxy.upstream = (_: unknown, signal?: AbortSignal) => {
      asked++;
      return new Promise((resolve) =>
        signal?.addEventListener("abort", () => resolve({ up: false, detail: "late" })),
      );
    };
  });
  expect(asked).toBe(50);
});
