import { expect, test } from "vitest";
import { describeForecast, foresee } from "#rollout/roll/foresee.ts";
import { observe } from "#rollout/roll/observe.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

test("too few others that serve are named as what would stop a roll", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0" }, "app-2": { runs: "1.0.0" } });
  await fleet.host("app-2").vanish();
  const signal = AbortSignal.timeout(10_000);
  const members = await Promise.all(fleet.hosts.map((host) => observe(host, fleet.proxy, signal)));
  const policy = { batch: [1], minimumHealthy: 1 };
  const forecast = foresee(members, { release: "1.1.0" }, policy, { startsFirst: () => false });
  expect(describeForecast(forecast)).toMatch(
    /^it would stop: app-1 was not taken out: at least 1 of the others must serve, but app-2 does not \(unreachable/,
  );
});
