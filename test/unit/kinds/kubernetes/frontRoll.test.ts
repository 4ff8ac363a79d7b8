import { afterEach, expect, test, vi } from "vitest";
import { RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { LIMITS } from "../../../support/analysisLimits.ts";
import { type FakeRoll, FakeWorkload } from "../../../support/kubernetes/fakeWorkload.ts";

const [OLD, NEW] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb"];

afterEach(() => void vi.useRealTimers());

/** Two pods of nginx, which find these pods up, and have counted this for each of them within the last second. */
class Nginx {
  readonly asked: string[] = [];
  readonly up = new Map<string, Set<string>>();
  readonly counts = new Map<string, Record<string, number>>();

  /** How old their list of pods is. */
  ageSeconds = 0;
  isSilent = false;

  answer = (pod: string, path: string): unknown => {
    this.asked.push(`${pod} ${path}`);
    if (this.isSilent) throw new RollgateError("no-answer", `pod ${pod}: no connection`);
    if (path.startsWith("/status")) {
      const server = [...(this.up.get(pod) ?? [])].map((host) => ({ host, status: "up", drained: false }));
      const problem = this.ageSeconds === 0 ? "" : "it answered 403";
      return { servers: { server }, list: { ageSeconds: this.ageSeconds, problem } };
    }
    const at = Math.floor(Date.now() / 1000);
    const rows = [...this.counts].flatMap(([host, counts]) =>
      Object.entries(counts).map(([what, count]) => [at, host, what, count]),
    );
    return { at, rows: pod === "nginx-1" ? rows : [] };
  };

  find(pods: readonly string[], by: readonly string[] = ["nginx-1", "nginx-2"]): void {
    for (const nginx of by) this.up.set(nginx, new Set(pods));
  }
}

test("a pod is admitted only once every nginx finds it up", async () => {
  const fake = await FakeWorkload.create();
  const nginx = new Nginx();
  const rolling = fake.roll(OLD, { nginx: nginx.answer });
  const told = () => fake.lines.join("\n");
  await expect.poll(told, { timeout: 5_000 }).toContain("ready after");
  nginx.find(fake.named("pods"), ["nginx-1"]);
  const looks = () => nginx.asked.filter((each) => each.includes("/status")).length;
  await expect.poll(looks, { timeout: 5_000 }).toBeGreaterThan(4);
  expect(told()).not.toContain("gets requests of");
  nginx.find(fake.named("pods"));
  expect((await rolling).rolled).toHaveLength(2);
  expect(told()).toContain("gets requests of market");
});

test("what nginx has counted is the roll's, and what fails more than the old release goes back", async () => {
  const fake = await FakeWorkload.create();
  const nginx = new Nginx();
  const first = fake.roll(OLD, { nginx: nginx.answer });
  await expect.poll(() => fake.lines.join("\n"), { timeout: 5_000 }).toContain("ready after");
  nginx.find(fake.named("pods"));
  await first;
  const old = fake.named("pods");
  fake.lines.length = 0;
  for (const pod of old) nginx.counts.set(pod, { requests: 500 });
  const rolling = fake
    .roll(NEW, { nginx: nginx.answer, analysis: { ...LIMITS, minimumRequests: 50, waitSeconds: 20 } })
    .catch((error: unknown) => error);
  const fresh = () => fake.named("pods").filter((pod) => !old.includes(pod));
  await expect.poll(() => fresh().length, { timeout: 5_000 }).toBe(2);
  nginx.find(fresh());
  await expect.poll(() => fake.lines.join("\n"), { timeout: 5_000 }).toContain("gets requests of market");
  for (const pod of fresh()) nginx.counts.set(pod, { requests: 500, errors: 100 });
  const failure = await rolling;
  expect(failure).toBeInstanceOf(RollFailed);
  expect(String(failure)).toMatch(/failed its soak gate on 1\.1\.0.*market went back to 1\.0\.0/);
  expect(String(failure)).toMatch(/During the roll: [\d,]+ requests, 0 lost .* errors from 1\.1\.0-b+/);
}, 30_000);

/** The old release behind nginx; the new one is ready, but no nginx finds it up yet. */
async function admitting(changes: FakeRoll = {}) {
  const fake = await FakeWorkload.create();
  const nginx = new Nginx();
  await fake.roll(OLD);
  fake.lines.length = 0;
  vi.useFakeTimers({ toFake: ["performance"] });
  const rolling = fake.roll(NEW, { nginx: nginx.answer, ...changes }).catch((error: unknown) => error);
  await expect.poll(() => fake.lines.join("\n"), { timeout: 10_000 }).toContain("ready after");
  let missed = 0;
  const silence = (isSilent: boolean) => {
    nginx.isSilent = isSilent;
    missed = 0;
    // The lease is asked about all the time.
    fake.onAsked = ({ what }) => {
      if (what === "GET deployments") missed++;
      return isSilent ? 503 : undefined;
    };
  };
  const looks = (count = 2) => expect.poll(() => missed, { timeout: 10_000 }).toBeGreaterThan(count);
  return { fake, nginx, rolling, silence, looks };
}

test("an API that is silent for longer than a gate may take takes no release back", {
  timeout: 30_000,
}, async () => {
  const { fake, nginx, rolling, silence, looks } = await admitting();
  silence(true);
  await looks();
  vi.advanceTimersByTime(100_000);
  silence(false);
  await looks();
  expect(fake.lines.join("\n")).not.toContain("going back");
  nginx.find(fake.named("pods"));
  vi.advanceTimersByTime(31_000);
  expect(await rolling).toMatchObject({ release: NEW });
});

test("an API that stays silent ends a roll, but takes nothing back, and the next roll goes on", {
  timeout: 30_000,
}, async () => {
  const { fake, nginx, rolling, silence, looks } = await admitting();
  silence(true);
  await looks();
  let isOver = false;
  void rolling.then(() => {
    isOver = true;
  });
  while (!isOver) {
    vi.advanceTimersByTime(20_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const failure = await rolling;
  expect(failure).toBeInstanceOf(RollFailed);
  expect(String(failure)).toMatch(
    /market did not get 1\.1\.0-b+: \S+ answered 503: .*, for 120 s now, which says nothing about the release; Kubernetes could not be kept from replacing further pods: /,
  );
  expect(fake.lines.join("\n")).not.toContain("going back");
  silence(false);
  nginx.find(fake.named("pods"));
  vi.useRealTimers();
  expect(await fake.roll(NEW, { nginx: nginx.answer })).toMatchObject({ release: NEW });
});

test("no roll begins while an nginx hears of no new pods", { timeout: 30_000 }, async () => {
  const fake = await FakeWorkload.create();
  await fake.roll(OLD);
  const nginx = new Nginx();
  nginx.ageSeconds = 312;
  vi.useFakeTimers({ toFake: ["performance"] });
  const rolling = fake.roll(NEW, { nginx: nginx.answer }).catch((error: unknown) => error);
  await expect.poll(() => nginx.asked.length, { timeout: 10_000 }).toBe(2);
  vi.advanceTimersByTime(11_000);
  expect(String(await rolling)).toMatch(
    /pod nginx-1 has not got the list of pods from the cluster's API for 312 s \(it answered 403\), so it sends requests to those it knew then; pod nginx-2 .*\. No pod was touched\.$/,
  );
});

test("an nginx that hears of no pods any more halts a roll, and takes nothing back", {
  timeout: 30_000,
}, async () => {
  const { fake, nginx, rolling } = await admitting();
  nginx.ageSeconds = 20;
  expect(String(await rolling)).toMatch(
    /market did not get 1\.1\.0-b+: pod nginx-1 has not got the list .*; no further pod is replaced until the next roll\. Now: /,
  );
  expect(fake.deployment.spec.paused).toBe(true);
});
