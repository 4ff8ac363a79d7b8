import { expect, test } from "vitest";
import { FakeWorkload } from "../../../support/kubernetes/fakeWorkload.ts";

const [OLD, NEW] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb"];

/** Runs the old release, whose pods don't become ready if they are new. */
async function running(): Promise<FakeWorkload> {
  const fake = await FakeWorkload.create();
  await fake.roll(OLD);
  fake.slow.add(NEW);
  fake.mayWatch = true;
  fake.lines.length = 0;
  return fake;
}

/** Counts how often the pods are listed. */
function listings(fake: FakeWorkload): { count: number } {
  const listed = { count: 0 };
  fake.onAsked = ({ what, name }) => {
    if (what === "GET pods" && name === undefined) listed.count++;
    return undefined;
  };
  return listed;
}

const isWaiting = (fake: FakeWorkload) =>
  expect.poll(() => fake.lines.join("\n"), { timeout: 5_000 }).toMatch(/ on node-1/);

test("pods are watched, and not asked for again and again", async () => {
  const fake = await running();
  const listed = listings(fake);
  const rolling = fake.roll(NEW);
  await isWaiting(fake);
  const before = listed.count;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(listed.count).toBe(before);
  fake.slow.clear();
  fake.reconcile();
  fake.tell();
  expect((await rolling).rolled).toHaveLength(2);
});

test("watches that end are begun anew, with what has happened meanwhile", async () => {
  const fake = await running();
  const rolling = fake.roll(NEW);
  await isWaiting(fake);
  fake.endWatches();
  fake.slow.clear();
  fake.reconcile();
  expect((await rolling).rolled).toHaveLength(2);
});

test("an API that takes no new watches for a while is waited for", async () => {
  const fake = await running();
  const rolling = fake.roll(NEW);
  await isWaiting(fake);
  let refusals = 0;
  fake.onAsked = ({ what, name }) => (what === "GET pods" && !name && refusals++ < 2 ? 503 : undefined);
  fake.endWatches();
  fake.slow.clear();
  fake.reconcile();
  expect((await rolling).rolled).toHaveLength(2);
  expect(refusals).toBeGreaterThan(2);
});

test("an account that may not watch asks twice a second, and says so once", async () => {
  const fake = await running();
  fake.mayWatch = false;
  const listed = listings(fake);
  const rolling = fake.roll(NEW);
  await isWaiting(fake);
  const before = listed.count;
  await expect.poll(() => listed.count, { timeout: 5_000 }).toBeGreaterThan(before + 1);
  fake.slow.clear();
  fake.reconcile();
  await rolling;
  const told = fake.lines.filter((line) => line.includes("asks twice a second, since "));
  expect(told).toEqual([expect.stringMatching(/market +wait +asks twice a second, since a watch ended: /)]);
});

test("a Deployment that is deleted meanwhile is noticed", async () => {
  const fake = await running();
  const rolling = fake.roll(NEW).catch((error: unknown) => error);
  await isWaiting(fake);
  fake.objects.delete("deployments/market");
  fake.tell();
  expect(String(await rolling)).toContain("somebody deleted the Deployment meanwhile");
});
