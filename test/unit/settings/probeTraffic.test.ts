import { expect, test } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

test("only clients send requests unless the settings say more, and nginx has nothing for others", async () => {
  const { rollout, nginx } = await read({});
  expect(rollout).not.toHaveProperty("probeTraffic");
  expect(nginx).not.toHaveProperty("probes");
});

test("a path is enough, and nginx is told to tell these requests from those of clients", async () => {
  const { rollout, nginx } = await read({ probeTraffic: { path: "/api/ping" } });
  expect(rollout.probeTraffic).toEqual({ path: "/api/ping", requestsPerSecond: 5 });
  expect(nginx).toMatchObject({ probes: true });
});

test.each<[title: string, probeTraffic: unknown, line: string]>([
  ["no path", { requestsPerSecond: 5 }, "probeTraffic.path: expected a string, got nothing"],
  [
    "a URL",
    { path: "http://x/" },
    'probeTraffic.path: expected a path such as /actuator/health, got "http://x/"',
  ],
  [
    "no request",
    { path: "/", requestsPerSecond: 0 },
    "probeTraffic.requestsPerSecond: expected 1–100, got 0",
  ],
  [
    "a load test",
    { path: "/", requestsPerSecond: 1000 },
    "probeTraffic.requestsPerSecond: expected 1–100, got 1000",
  ],
  ["an unknown key", { path: "/", method: "POST" }, "probeTraffic.method: unknown setting"],
  ["a path alone", "/", "probeTraffic: expected a list or an object, got a string"],
])("%s is rejected with one line that names it", async (_, probeTraffic, line) => {
  expect(await refusal({ probeTraffic })).toBe(`rollgate:${line}. Nothing was changed.`);
});
