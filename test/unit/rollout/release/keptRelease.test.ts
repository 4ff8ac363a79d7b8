import { expect, test } from "vitest";
import { findKeptRelease } from "#rollout/release/keptRelease.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const A = "1.0.0-aaaaaaaaaaaa";
const B = "1.1.0-bbbbbbbbbbbb";
const C = "1.1.0-cccccccccccc";
const WAR = "1.2.0-eeeeeeeeeeee.war";
const SNAPSHOT = "1.1.0-SNAPSHOT-dddddddddddd";

async function hostsWith(...releases: string[][]) {
  const hosts = releases.map((kept, index) => [`app-${index + 1}`, { releases: kept }]);
  return (await FakeFleet.create(Object.fromEntries(hosts))).hosts;
}

test.each([
  ["1.0.0", A],
  [A, A],
  ["1.1.0-SNAPSHOT", SNAPSHOT],
  ["1.2.0", WAR],
])("%s is %s", async (name, release) => {
  expect(await findKeptRelease(name, await hostsWith([A, B, SNAPSHOT, WAR], [WAR, SNAPSHOT, A]))).toBe(
    release,
  );
});

test("a release that one host does not keep is rejected, listing those that every host keeps", async () => {
  await expect(findKeptRelease("1.1.0", await hostsWith([A, B, SNAPSHOT], [SNAPSHOT, A]))).rejects.toThrow(
    `release: expected a release that every host keeps (${A}, ${SNAPSHOT}), got 1.1.0`,
  );
});

test("a release is rejected if no host keeps any", async () => {
  await expect(findKeptRelease("1.1.0", await hostsWith([], []))).rejects.toThrow(
    "release: expected a release that every host keeps (there is none), got 1.1.0",
  );
});

test("a version of two releases is rejected, naming both", async () => {
  const hosts = await hostsWith([B, C], [B, C]);
  await expect(findKeptRelease("1.1.0", hosts)).rejects.toThrow(
    `release: expected a single release, got 1.1.0, which matches ${B} and ${C}`,
  );
  expect(await findKeptRelease(C, hosts)).toBe(C);
});
