import { expect, test } from "vitest";
import { openCluster } from "#kinds/kubernetes/cluster.ts";
import { KubernetesOrchestrator } from "#kinds/kubernetes/kubernetesOrchestrator.ts";
import { removeCanary } from "#kinds/kubernetes/withdrawCanary.ts";
import { RollFailed } from "#rollout/common/errors.ts";
import { desiredOf, type FakeRoll, FakeWorkload } from "../../../support/kubernetes/fakeWorkload.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const [OLD, NEW, NEWER, BAD] = [
  "1.0.0-aaaaaaaaaaaa",
  "1.1.0-bbbbbbbbbbbb",
  "1.2.0-cccccccccccc",
  "2.0.0-dddddddddddd",
];

/** Four pods of the old release. */
async function running(): Promise<FakeWorkload> {
  const fake = await FakeWorkload.create();
  await fake.roll(OLD, { replicas: 4 });
  fake.broken.add(BAD);
  fake.lines.length = 0;
  return fake;
}

async function failureOf(fake: FakeWorkload, release: string, changes: FakeRoll): Promise<string> {
  const failure = await fake.roll(release, changes).catch((error: unknown) => error);
  if (failure instanceof RollFailed) return failure.message;
  throw new Error(`${release} did not fail`, { cause: failure });
}

/** What was stored and deleted, in order, with the number of pods. */
function changesOf(fake: FakeWorkload): string[] {
  const changes: string[] = [];
  fake.onAsked = ({ what, name, body, isDryRun }) => {
    const isNew = what === "POST deployments" || what === "PUT deployments";
    const now = `${name} ${body?.spec?.replicas} of ${body?.spec?.template?.metadata?.annotations["rollgate/release"]}`;
    if (isNew && !isDryRun && changes.at(-1) !== now) changes.push(now);
    if (what === "DELETE deployments") changes.push(`no ${name}`);
    return undefined;
  };
  return changes;
}

test("a canary comes before the others give up pods, and goes after they have them back", async () => {
  const fake = await running();
  const changes = changesOf(fake);
  await fake.roll(OLD, { replicas: 3, canary: NEW });
  expect(changes.splice(0)).toEqual([`market-canary 1 of ${NEW}`, `market 3 of ${OLD}`]);
  expect(fake.lines.join("\n")).toContain(`3 pods of ${OLD} instead of 4`);
  expect((await fake.roll(OLD, { replicas: 3, canary: NEW })).rolled).toEqual([]);
  expect(changes).toEqual([]);
  await fake.roll(OLD, { replicas: 4 });
  expect(changes.splice(0)).toEqual([`market 4 of ${OLD}`, "no market-canary"]);
  expect(fake.canary).toBeUndefined();
  await fake.roll(OLD, { replicas: 4 });
  expect(changes).toEqual([]);
});

test("in a first deployment, the canary comes last, so that it never serves alone", async () => {
  const fake = await FakeWorkload.create();
  const changes = changesOf(fake);
  await fake.roll(OLD, { replicas: 3, canary: NEW });
  expect(changes).toEqual([`market 3 of ${OLD}`, `market-canary 1 of ${NEW}`]);

  const other = await FakeWorkload.create();
  other.broken.add(BAD);
  expect(await failureOf(other, OLD, { replicas: 3, canary: BAD })).toContain(
    "; market-canary was removed; market got 1 pod in its place. Now: market serves 1.0.0-aaaaaaaaaaaa with 4 pods.",
  );
  expect(
    (await new KubernetesOrchestrator(other.workload({ replicas: 3, canary: NEW })).survey()).releases,
  ).toEqual({
    "market-canary": "nothing",
    market: OLD,
  });
  const later = changesOf(other);
  await other.roll(OLD, { replicas: 3, canary: NEW });
  expect(later).toEqual([`market-canary 1 of ${NEW}`, `market 3 of ${OLD}`]);
});

test("a failed first canary whose pods the others can't get says so", async () => {
  const fake = await FakeWorkload.create();
  fake.broken.add(BAD);
  fake.onAsked = ({ what, body, isDryRun }) =>
    what === "PUT deployments" && body.spec.replicas === 4 && !isDryRun ? 403 : undefined;
  expect(await failureOf(fake, OLD, { replicas: 3, canary: BAD })).toMatch(
    /; market-canary was removed; market did not get 1 pod in its place: \S+ answered 403: .*\. Now: market serves 1\.0\.0-a+ with 3 pods\.$/,
  );
});

test("a promoted release is on all others before its canary goes", async () => {
  const fake = await running();
  await fake.roll(OLD, { replicas: 3, canary: NEW });
  const changes = changesOf(fake);
  await fake.roll(NEW, { replicas: 4 });
  expect(changes).toEqual([`market 4 of ${NEW}`, "no market-canary"]);
  expect(fake.lines.join("\n")).toMatch(/market-canary drain +1\.1\.0-b+ leaves market/);
});

test("a canary that fails is removed, and the others are not touched", async () => {
  const fake = await running();
  const changes = changesOf(fake);
  expect(await failureOf(fake, OLD, { replicas: 3, canary: BAD })).toMatch(
    /^market-canary failed its \S+ gate on 2\.0\.0-d+: market-canary-\S+ ended by itself, exit code 1; market-canary was removed; market was not touched\. Now: market serves 1\.0\.0-a+ with 4 pods\.$/,
  );
  expect(changes).toEqual([`market-canary 1 of ${BAD}`, "no market-canary"]);
  expect(fake.named("pods")).toHaveLength(4);
});

test("a second canary that fails gives way to the first one", async () => {
  const fake = await running();
  await fake.roll(OLD, { replicas: 3, canary: NEW });
  expect(await failureOf(fake, OLD, { replicas: 3, canary: BAD })).toContain(
    "; market-canary went back to 1.1.0-bbbbbbbbbbbb; market was not touched. Now: market-canary serves 1.1.0-bbbbbbbbbbbb with 1 pod; market serves 1.0.0-aaaaaaaaaaaa with 3 pods.",
  );
  await fake.roll(OLD, { replicas: 3, canary: NEWER });
  expect(fake.canary.spec.template.metadata.annotations["rollgate/release"]).toBe(NEWER);
});

test("probe requests leave the pods of a canary alone before it is taken away", async () => {
  const fake = await running();
  await fake.roll(OLD, { replicas: 3, canary: NEW });
  const order: string[] = [];
  fake.onAsked = ({ what }) => void (what.startsWith("DELETE") && order.push(what));
  const { canary: workload } = fake.workload({ replicas: 3, canary: NEW });
  if (!workload) throw new TypeError("there is a canary");
  const context = {
    ...{ workload, cluster: openCluster(workload.cluster) },
    ...{ assertHeld: async () => {}, report: () => {} },
  };
  const follow = (pods: readonly unknown[], name: string) => order.push(`${pods.length} pods of ${name}`);
  await removeCanary(context, { follow });
  expect(order).toEqual(["0 pods of market-canary", "DELETE deployments"]);
});

test("a halted canary stays, and says so", async () => {
  const fake = await running();
  expect(await failureOf(fake, OLD, { replicas: 3, canary: BAD, onFailure: "halt" })).toContain(
    "; no further pod is replaced until the next roll; market was not touched. Now: market-canary serves nobody; market serves",
  );
  expect(fake.canary.spec.paused).toBe(true);
});

test("if the others fail, the canary stays", async () => {
  const fake = await running();
  expect(await failureOf(fake, BAD, { replicas: 3, canary: NEW })).toMatch(
    /^market failed its .*; market went back to 1\.0\.0-a+\. Now: market serves 1\.0\.0-a+ with 3 pods; market-canary serves 1\.1\.0-b+ with 1 pod\.$/,
  );
});

test("a Deployment of somebody else's with the name of a canary is refused, or else left alone", async () => {
  const fake = await running();
  const theirs = { metadata: { name: "market-canary", labels: {} }, spec: { selector: {} } };
  fake.objects.set("deployments/market-canary", theirs);
  expect(await failureOf(fake, OLD, { replicas: 3, canary: NEW })).toMatch(
    /^Deployment market-canary in namespace shop: expected one created by rollgate, with the labels .*rollgate\/workload=market, .*No pod was touched\.$/,
  );
  await fake.roll(NEW, { replicas: 4 });
  expect(fake.canary).toEqual(theirs);
});

test("a preview says what a canary does, and a refresh what became of it", async () => {
  const fake = await running();
  const declared = new KubernetesOrchestrator(fake.workload({ replicas: 3, canary: NEW }));
  const plan = () => declared.plan({ ...validRequest(), ...desiredOf(OLD, NEW) });
  expect(await plan()).toEqual({
    hosts: { market: "4 pods, 1 more at a time" },
    forecast: "market-canary starts 1 pod, then market has 3 pods instead of 4",
    warnings: [],
  });
  expect((await declared.survey()).rollingOrder).toEqual(["market-canary: nothing", `market: ${OLD}`]);
  await fake.roll(OLD, { replicas: 3, canary: NEW });
  expect((await declared.survey()).releases).toEqual({ "market-canary": NEW, market: OLD });
  const undeclared = new KubernetesOrchestrator(fake.workload({ replicas: 4 }));
  expect((await undeclared.survey()).rollingOrder).toEqual([`market-canary: ${NEW}`, `market: ${OLD}`]);
  await fake.roll(OLD, { replicas: 4 });
  expect((await undeclared.survey()).rollingOrder).toEqual([`market: ${OLD}`]);
});
