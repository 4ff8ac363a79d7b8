import { expect, test } from "vitest";
import { plan } from "#provider/plan.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import { type RollRequest, rollRequest } from "#rollout/request/rollRequest.ts";
import { type Before, FakeFleet } from "../../support/fakeFleet.ts";
import { validRequest } from "../../support/rollRequest.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const RUNS: Before = { runs: OLD };

/** What a roll of these hosts to the new release would do. */
async function planned(
  hosts: Readonly<Record<string, Before>>,
  settings: Partial<RollRequest> = {},
  prepare: (fleet: FakeFleet) => unknown = () => {},
) {
  const fleet = await FakeFleet.create(hosts);
  await prepare(fleet);
  const { jar: _, ...valid } = validRequest();
  const request = { ...rollRequest.parse(valid), release: NEW, minimumHealthy: 1, ...settings };
  const before = fleet.journal.length;
  const seen = await plan(fleet, request);
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

test("a host that can't be reached is named as what would stop the roll", async () => {
  const { forecast } = await planned({ "app-1": RUNS, "app-2": RUNS, "app-3": RUNS }, {}, (fleet) =>
    fleet.host("app-2").vanish(),
  );
  expect(forecast).toBe(
    "app-1, then app-3, then it would stop: app-2 could not be brought to 1.1.0: server of app-2 cannot be reached",
  );
});

test("too few others that serve are named before anything is touched", async () => {
  const { forecast } = await planned({ "app-1": RUNS, "app-2": RUNS }, {}, (fleet) =>
    fleet.host("app-2").vanish(),
  );
  expect(forecast).toMatch(
    /^it would stop: app-1 was not taken out: at least 1 of the others must serve, but app-2 does not \(unreachable/,
  );
});

test("somebody else's roll is named", async () => {
  const { forecast } = await planned({ "app-1": RUNS, "app-2": RUNS }, {}, ({ leases }) =>
    leases.claim(7, { owner: "ci@runner (pid 12)", since: "2026-11-27T04:00:00Z", beat: 1, released: false }),
  );
  expect(forecast).toBe(
    "ci@runner (pid 12) has been rolling this fleet since 2026-11-27T04:00:00Z; app-1, then app-2",
  );
});

test("what can't be asked yet is left out", async () => {
  const { hosts, forecast } = await planned({ "app-1": RUNS, "app-2": RUNS }, {}, ({ proxy }) => {
    proxy.drained = () => Promise.reject(new RollgateError("unreachable", "nginx does not answer"));
  });
  expect({ hosts, forecast }).toEqual({ hosts: {}, forecast: "" });
});
