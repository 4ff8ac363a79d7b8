import { describe, expect, test } from "vitest";
import { drainPools } from "#rollout/nginx/drainPools.ts";
import { standbyPools } from "#rollout/nginx/standby.ts";
import { mayFallBack } from "#rollout/roll/fallBack.ts";
import type { FleetMember } from "#rollout/roll/fleet.ts";
import { observeFleet } from "#rollout/roll/observeFleet.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const NAMES = ["app-1", "app-2", "app-3"];
const PLACES = NAMES.map((name, index) => {
  const address = `10.0.0.${index + 1}`;
  return { name, address, port: 8080, second: { address, port: 8081 } };
});

/** The fleet as it is seen while exactly these slots are drained. */
async function seen(drained: readonly string[]): Promise<FleetMember[]> {
  const fleet = await FakeFleet.create(
    Object.fromEntries(NAMES.map((name) => [name, { runs: "1.0.0", beside: "1.0.0" }])),
  );
  fleet.proxy.without.clear();
  for (const slot of drained) fleet.proxy.without.add(slot);
  const { hosts, proxy } = fleet;
  return observeFleet({ hosts, proxy, policy: fleet.policy({}), signal: new AbortController().signal });
}

const SLOTS = NAMES.flatMap((name) => [name, `${name}_b`]);
const MIXES = Array.from({ length: 2 ** SLOTS.length }, (_, bits) =>
  SLOTS.filter((_, index) => bits & (1 << index)),
);

test("requests may get to drained slots in exactly the mixes for which nginx has an upstream that falls back", async () => {
  const out = standbyPools(PLACES, drainPools(PLACES)).map(({ without }) => [...without].sort().join());
  const fleet = await seen([]);
  for (const drained of MIXES) {
    const view = <View extends { readonly slot: { readonly name: string } }>(one: View) => ({
      ...one,
      drained: drained.includes(one.slot.name),
    });
    const mix = fleet.map(({ spare, ...member }) => ({
      ...view(member),
      ...(spare && { spare: view(spare) }),
    }));
    expect(mayFallBack(mix), `${drained} drained`).toBe(out.includes([...drained].sort().join()));
  }
  expect(out).toHaveLength(2);
});

describe("what is not known may be so that they do", () => {
  test("a host out of reach", async () => {
    const [first, second, third] = await seen(["app-1", "app-2_b", "app-3_b"]);
    if (!first || !second || !third) throw new Error("no fleet");
    expect(mayFallBack([first, second, third])).toBe(false);
    const { spare: _, ...gone } = { ...first, unreachable: "it does not answer" };
    expect(mayFallBack([gone, second, third])).toBe(true);
  });

  test("a slot that only some nginx drain", async () => {
    const [first, second, third] = await seen(["app-1_b", "app-2_b"]);
    if (!first || !second || !third?.spare) throw new Error("no fleet");
    expect(mayFallBack([first, second, third])).toBe(false);
    const spare = { ...third.spare, drainedBy: ["http://a"] };
    const [member] = [{ ...third, spare }];
    expect(mayFallBack([first, second, member])).toBe(true);
  });
});
