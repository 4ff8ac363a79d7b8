import { afterEach, expect, test, vi } from "vitest";
import { RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { type Asked, type FakeRoll, FakeWorkload } from "../../../support/kubernetes/fakeWorkload.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const [OLD, NEW, BAD] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb", "2.0.0-cccccccccccc"];
const { timing, health } = validRequest();
const GOOD = "rollgate/good";
const FAILED = /^market failed its \S+ gate on 2\.0\.0-c+: market-\S+ ended by itself, exit code 1; /;

afterEach(() => {
  vi.useRealTimers();
});

/** Runs the old release, and can't run the bad one. */
async function running(): Promise<FakeWorkload> {
  const fake = await FakeWorkload.create();
  await fake.roll(OLD);
  fake.broken.add(BAD);
  fake.lines.length = 0;
  return fake;
}

async function failureOf(fake: FakeWorkload, release: string, changes: FakeRoll = {}): Promise<string> {
  const failure = await fake.roll(release, changes).catch((error: unknown) => error);
  if (failure instanceof RollFailed) return failure.message;
  throw new Error(`${release} did not fail`, { cause: failure });
}

/** Whether the API is about to store a Deployment with this release. */
function stores({ what, body, isDryRun }: Asked, release: string): boolean {
  if (what !== "PUT deployments" || isDryRun) return false;
  return body.spec.template.metadata.annotations["rollgate/release"] === release;
}

function stopper() {
  const stopping = new AbortController();
  const stop = () => stopping.abort(new RollgateError("stop-requested", "someone asked the roll to stop"));
  return { signal: stopping.signal, stop };
}

test("rights that the account lacks are named before anything is touched, all of them in one line", async () => {
  const fake = await FakeWorkload.create();
  for (const right of ["create deployments", "update deployments", "list pods", "get pods/proxy"])
    fake.forbidden.add(right);
  const writes: string[] = [];
  fake.onAsked = ({ what }) => {
    if (!what.startsWith("GET")) writes.push(what);
    return undefined;
  };
  const probeTraffic = { path: "/hello", requestsPerSecond: 1 };
  expect(await failureOf(fake, NEW, { probeTraffic })).toBe(
    "expected an account that may create and update deployments, list pods, get pods/proxy (probeTraffic) in namespace shop, got one that may not. No pod was touched.",
  );
  expect(writes).toEqual([]);
});

test("a load balancer without an address is a warning, and nothing is waited for", async () => {
  const fake = await FakeWorkload.create();
  const service = { metadata: { name: "market" }, spec: { type: "LoadBalancer" } };
  fake.objects.set("services/market", service);
  expect((await fake.roll(OLD)).warnings).toEqual([
    "no load balancer has given Service market an address yet, so nobody reaches it from outside; the next pulumi up or refresh looks again",
  ]);
  const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
  fake.objects.set("services/market", { ...service, status });
  expect((await fake.roll(NEW)).warnings).toEqual([]);
});

test("a status that the controller writes meanwhile keeps no step of a roll from being stored", async () => {
  const fake = await running();
  const met = new Set<string>();
  fake.onAsked = ({ what, body, isDryRun }) => {
    if (what !== "PUT deployments") return undefined;
    const { metadata, spec } = body;
    const good = metadata.annotations["rollgate/good"];
    const step = [isDryRun, spec.paused, spec.template.spec.containers[0].image, good].join();
    if (!met.has(step)) fake.writeStatus();
    met.add(step);
    return undefined;
  };
  await fake.roll(NEW);
  const failure = await failureOf(fake, BAD);
  expect(failure).toMatch(FAILED);
  expect(failure).toContain(
    "; market went back to 1.1.0-bbbbbbbbbbbb. Now: market serves 1.1.0-bbbbbbbbbbbb with 2 pods.",
  );
  expect(await failureOf(fake, BAD, { onFailure: "halt" })).toContain(
    "; no further pod is replaced until the next roll. Now:",
  );
  expect(fake.deployment.spec.paused).toBe(true);
});

test.for([0, 504])(
  "a Deployment whose storing is answered by %i is looked at again, and followed if it is stored",
  async (answer) => {
    const fake = await running();
    let stored = 0;
    fake.onDone = (asked) => (stores(asked, NEW) && ++stored === 1 ? answer : undefined);
    expect(await fake.roll(NEW)).toMatchObject({ release: NEW, warnings: [] });
    expect(fake.deployment.spec.template.spec.containers[0].image).toBe(`shop:${NEW}`);
  },
);

test("a first Deployment that was stored without an answer is not stored twice", async () => {
  const fake = await FakeWorkload.create();
  fake.onDone = ({ what, isDryRun }) => (what === "POST deployments" && !isDryRun ? 0 : undefined);
  expect(await fake.roll(NEW)).toMatchObject({ release: NEW, warnings: [] });
});

test("a Deployment that is not stored after all is stored again, three times at most", async () => {
  const fake = await running();
  let asked = 0;
  fake.onAsked = (each) => (stores(each, NEW) && ++asked < 3 ? 0 : undefined);
  expect(await fake.roll(NEW)).toMatchObject({ release: NEW, warnings: [] });
  fake.onAsked = (each) => (stores(each, OLD) ? 504 : undefined);
  expect(await failureOf(fake, OLD)).toMatch(
    /^\S+ answered 504: PUT deployments: 504; Deployment market may have been stored: the next pulumi up looks again and goes on from there\.$/,
  );
});

test("an API that goes silent while it stores leaves open what is stored", async () => {
  const fake = await running();
  let isSilent = false;
  fake.onAsked = (asked) => {
    isSilent ||= stores(asked, NEW);
    return isSilent && asked.what.endsWith("deployments") ? 0 : undefined;
  };
  const failure = await failureOf(fake, NEW);
  expect(failure).toMatch(
    / does not answer: .*; Deployment market may have been stored: the next pulumi up /,
  );
  expect(failure).not.toContain("No pod was touched");
  fake.onAsked = () => undefined;
  expect(await fake.roll(NEW)).toMatchObject({ release: NEW });
});

test("a release that was stored without an answer and fails goes back", async () => {
  const fake = await running();
  let stored = 0;
  fake.onDone = (asked) => (stores(asked, BAD) && ++stored === 1 ? 504 : undefined);
  expect(await failureOf(fake, BAD)).toContain("; market went back to 1.0.0-aaaaaaaaaaaa.");
});

test("if the way back can't be stored, at least no further pod is replaced", async () => {
  const fake = await running();
  fake.onAsked = (asked) => (stores(asked, OLD) ? 403 : undefined);
  expect(await failureOf(fake, BAD)).toMatch(
    /; market could not go back to 1\.0\.0-a+: \S+ answered 403: .*; no further pod is replaced until the next roll\. Now: /,
  );
  expect(fake.deployment.spec.paused).toBe(true);
});

test("a release that serves stays, whatever housekeeping meets afterwards", async () => {
  const fake = await running();
  fake.objects.set("secrets/market-environment-old", { metadata: { name: "market-environment-old" } });
  fake.onAsked = (asked) =>
    asked.what === "DELETE secrets" || fake.lines.some((line) => / done /.test(line) && stores(asked, NEW))
      ? 403
      : undefined;
  const { warnings } = await fake.roll(NEW);
  expect(warnings).toEqual([
    expect.stringMatching(/^it was not noted that this release is good to go back to: \S+ answered 403/),
    expect.stringMatching(/^environments of earlier releases were not deleted: \S+ answered 403/),
  ]);
  expect(fake.deployment.spec.template.spec.containers[0].image).toBe(`shop:${NEW}`);
  fake.onAsked = () => undefined;
  expect(await fake.roll(NEW)).toMatchObject({ warnings: [], rolled: [] });
  expect(fake.named("secrets")).not.toContain("market-environment-old");
});

test("who has lost the lease deletes no further environment", async () => {
  const fake = await running();
  for (const name of ["a", "b"]) fake.objects.set(`secrets/${name}`, { metadata: { name } });
  fake.onAsked = ({ what }) => {
    if (what === "DELETE secrets")
      fake.change("leases/market", ({ spec }) => Object.assign(spec, { leaseTransitions: 9 }));
    return undefined;
  };
  const { warnings } = await fake.roll(NEW);
  expect(warnings).toEqual([expect.stringContaining("has taken over this fleet")]);
  expect(fake.named("secrets")).toEqual([expect.stringMatching(/^market-environment-/), "b"]);
});

test("a stop on the way back lets Kubernetes go on, and says why the roll failed", async () => {
  const fake = await running();
  const { signal, stop } = stopper();
  fake.onAsked = (asked) => {
    if (!stores(asked, OLD)) return undefined;
    fake.isAwake = false;
    stop();
    return undefined;
  };
  const failure = await failureOf(fake, BAD, { signal });
  expect(failure).toMatch(FAILED);
  expect(failure).toContain(
    "; going back to 1.0.0-aaaaaaaaaaaa was begun, but not seen to its end: the roll was stopped: someone asked the roll to stop. Now: ",
  );
  expect(fake.deployment.spec.paused).toBeUndefined();
});

test("a roll that is stopped while a pod fails says both, and replaces no further pod", async () => {
  const fake = await running();
  const { signal, stop } = stopper();
  fake.onAsked = ({ what }) => {
    if (what === "GET events") stop();
    return undefined;
  };
  const failure = await failureOf(fake, BAD, { signal });
  expect(failure).toMatch(FAILED);
  expect(failure).toContain(
    "; the roll was stopped: someone asked the roll to stop; no further pod is replaced until the next roll. Now: ",
  );
  expect(fake.deployment.spec.paused).toBe(true);
});

test("a first release whose roll was cut off is judged by the next one, and is not its own way back", async () => {
  const fake = await running();
  const forget = () => fake.change("deployments/market", ({ metadata }) => delete metadata.annotations[GOOD]);
  const soak = { timing: { ...timing, soakSeconds: 1 } };
  forget();
  await fake.roll(OLD, soak);
  expect(fake.lines).toContainEqual(expect.stringContaining("stayed healthy for 1 s"));
  expect(fake.deployment.metadata.annotations[GOOD]).toBeDefined();
  fake.lines.length = 0;
  await fake.roll(OLD, soak);
  expect(fake.lines.join()).not.toContain("stayed healthy");
  forget();
  const [pod = ""] = fake.named("pods");
  fake.change(`pods/${pod}`, ({ status }) =>
    Object.assign(status.containerStatuses[0].state, { terminated: { exitCode: 1 } }),
  );
  expect(await failureOf(fake, OLD)).toContain(
    "; there is no earlier release to go back to; no further pod is replaced until the next roll. Now: ",
  );
});

test("a stale note of what was stored is renewed, which touches no pod", async () => {
  const fake = await running();
  const { annotations } = fake.deployment.metadata;
  fake.change("deployments/market", ({ metadata }) => {
    metadata.annotations = { ...annotations, "rollgate/applied": JSON.stringify({ replicas: 1 }) };
  });
  const pods = fake.named("pods");
  expect((await fake.roll(OLD, { timing: { ...timing, soakSeconds: 30 } })).rolled).toEqual([]);
  expect(fake.deployment.metadata.annotations).toEqual(annotations);
  expect(fake.named("pods")).toEqual(pods);
});

test("nothing goes back in a Deployment that somebody has deleted meanwhile", async () => {
  const fake = await running();
  fake.onAsked = ({ what }) => {
    if (what === "GET events") fake.objects.delete("deployments/market");
    return undefined;
  };
  const failure = await failureOf(fake, BAD);
  expect(failure).toMatch(FAILED);
  expect(failure).toContain(
    "; market could not go back to 1.0.0-aaaaaaaaaaaa: somebody deleted the Deployment meanwhile. Now: market is not there.",
  );
});

test("a controller that does not act is waited for aloud, but not forever", async () => {
  const fake = await running();
  vi.useFakeTimers({ toFake: ["performance"] });
  fake.isAwake = false;
  const failed = failureOf(fake, NEW, { onFailure: "halt" });
  await expect.poll(() => fake.lines.join(), { timeout: 5_000 }).toContain("in place of");
  await passing(11, fake);
  await expect
    .poll(() => fake.lines.at(-1), { timeout: 5_000 })
    .toContain("waiting: 0 of 2 pods passed; Kubernetes has not acted on the change yet");
  await passing(120, fake);
  expect(await failed).toContain(
    "market did not get 1.1.0-bbbbbbbbbbbb: nothing has moved for 120 s: Kubernetes has not acted on the change yet; ",
  );
});

test("a pod that takes another one's place is movement", async () => {
  const fake = await running();
  vi.useFakeTimers({ toFake: ["performance"] });
  fake.slow.add(NEW);
  const rolling = fake.roll(NEW, { health: { ...health, deadlineSeconds: 100 } });
  await expect.poll(() => fake.lines.join(), { timeout: 5_000 }).toContain(" on node-1");
  await passing(90, fake);
  const first = fake.named("pods").at(-1);
  fake.change(`pods/${first}`, (pod) => {
    fake.objects.delete(`pods/${first}`);
    fake.objects.set("pods/other", { ...pod, metadata: { ...pod.metadata, name: "other" } });
  });
  await expect.poll(() => fake.lines.join(), { timeout: 5_000 }).toMatch(/other +start .* on node-1/);
  await passing(90, fake);
  fake.slow.clear();
  fake.reconcile();
  expect((await rolling).release).toBe(NEW);
});

/** Lets seconds pass on the clock of a roll, which looks at its pods once more. */
async function passing(seconds: number, fake: FakeWorkload): Promise<void> {
  vi.advanceTimersByTime(seconds * 1000);
  const { looks } = fake;
  await expect.poll(() => fake.looks, { timeout: 5_000 }).toBeGreaterThan(looks + 1);
}
