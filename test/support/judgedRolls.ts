import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import type { Phase } from "#rollout/roll/reporter.ts";
import type { Behaviour } from "../../harness/fakeApplication.ts";
import type { RealFleet, RollHere, RollSettings } from "../../harness/realFleet.ts";
import { LIMITS } from "./analysisLimits.ts";
import { fakeJar } from "./fakeJava.ts";

/** Two hosts whose java runs fake jars. */
export interface JudgedFleet {
  readonly fleet: Pick<
    RealFleet<HostPlace, ProxyPlace>,
    "rollHere" | "underLoad" | "releases" | "directory" | "url" | "serveNginx"
  >;
  readonly java: string;
}

const SOAK_SECONDS = 15;
/** Every request takes so long, whatever it asks for. */
const USUAL = { takes: 20 };

async function roll(
  { fleet, java }: JudgedFleet,
  behaviour: Behaviour,
  soakSeconds = SOAK_SECONDS,
  onPhase?: (phase: Phase) => void,
  more: Pick<RollSettings, "analysis" | "probeTraffic"> = {},
): Promise<RollHere> {
  return fleet.rollHere(await fakeJar({ ...USUAL, ...behaviour }, fleet.directory), onPhase, {
    launch: { java, jvmOptions: [] },
    order: "start-first",
    timing: { soakSeconds },
    analysis: { ...LIMITS, ignoreSeconds: 2 },
    ...more,
  });
}

/** A release without any request, and so without a soak. */
export async function deploy(judged: JudgedFleet, version: string): Promise<void> {
  expect((await roll(judged, { version }, 1)).failure).toBeUndefined();
}

/** Rolls to a release that is up but worse: it is found out at the first host, before the soak is over. */
export async function expectFoundOut(
  judged: JudgedFleet,
  behaviour: Behaviour,
  reason: RegExp,
): Promise<void> {
  const before = await judged.fleet.releases();
  const { result } = await judged.fleet.underLoad(() => roll(judged, behaviour));
  expect(result.failure).toMatch(/^app-1 failed its soak gate on /);
  expect(result.failure).toMatch(reason);
  expect(result.failure).toContain("app-2 was not touched");
  expect(soakOf(result)).toBeLessThan(SOAK_SECONDS);
  expect(await judged.fleet.releases()).toEqual(before);
}

/** The same without any client: nginx counts what the roll sends itself, apart from what clients would. */
export async function expectFoundOutByProbes(judged: JudgedFleet, behaviour: Behaviour): Promise<void> {
  const before = await judged.fleet.releases();
  await judged.fleet.serveNginx({ probes: true });
  const { failure } = await roll(judged, behaviour, SOAK_SECONDS, undefined, {
    analysis: { ...LIMITS, minimumRequests: 30 },
    probeTraffic: { path: "/hello", requestsPerSecond: 40 },
  });
  expect(failure).toMatch(/^app-1 failed its soak gate on .*: by probe requests: \d+ of \d+ requests \(3\d/);
  expect(failure).toMatch(
    /During the roll: no requests during the roll \+ \d+ probe requests, 0 lost, \d+ errors/,
  );
  expect(await judged.fleet.releases()).toEqual(before);
}

/** Rolls to a release that is as good, and expects what its soaks say of it. */
export async function expectPassed(judged: JudgedFleet, version: string): Promise<void> {
  const { result, seen } = await judged.fleet.underLoad(() => roll(judged, { version }, 5));
  expect(result.failure).toBeUndefined();
  const soaks = result.lines.filter((line) =>
    / soak +stayed healthy; [\d,]+ requests, 0 % failed, p50/.test(line),
  );
  expect(soaks).toHaveLength(2);
  expect(seen.lost).toEqual([]);
}

/** Rolls to a release that fails each of the three requests that each soak sees. */
export async function expectNotJudged(judged: JudgedFleet, version: string): Promise<void> {
  const asked: Promise<unknown>[] = [];
  const askThrice = async () => {
    // The second of the admission does not count.
    await sleep(1_500);
    await Promise.all([1, 2, 3].map(() => fetch(`${judged.fleet.url}/hello`)));
  };
  const ask = (phase: Phase) => {
    if (phase === "admit") asked.push(askThrice());
  };
  const { failure, lines } = await roll(judged, { version, failsEvery: 1 }, 5, ask);
  await Promise.all(asked);
  expect(failure).toBeUndefined();
  expect(
    lines.filter((line) => / soak +stayed healthy; too few requests to judge \([1-3] of 50\)/.test(line)),
  ).toHaveLength(2);
}

/** How many seconds passed between the admission of the first host and the way back. */
function soakOf({ lines }: RollHere): number {
  const at = (pattern: RegExp) =>
    Number(/^\[ *([\d.]+) s\]/.exec(lines.find((line) => pattern.test(line)) ?? "")?.[1]);
  return at(/ restore /) - at(/app-1 +admit /);
}
