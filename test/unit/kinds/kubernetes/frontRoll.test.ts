import { expect, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { LIMITS } from "../../../support/analysisLimits.ts";
import { FakeWorkload } from "../../../support/kubernetes/fakeWorkload.ts";

const [OLD, NEW] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb"];

/** Two pods of nginx, which find these pods up, and have counted this for each of them within the last second. */
class Nginx {
  readonly asked: string[] = [];
  readonly up = new Map<string, Set<string>>();
  readonly counts = new Map<string, Record<string, number>>();

  answer = (pod: string, path: string): unknown => {
    this.asked.push(`${pod} ${path}`);
    if (path.startsWith("/status")) {
      const server = [...(this.up.get(pod) ?? [])].map((host) => ({ host, status: "up", drained: false }));
      return { servers: { server } };
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
