import { describe, expect, type TestContext, test } from "vitest";
import { until } from "../../../../harness/until.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { SlotFleet } from "../../../support/slotFleet.ts";

const withNjs = useNjsNginx();

describe.for(["stock", "njs"] as const)("in a soak before a %s nginx", (flavour) => {
  /** Every host serves from its second slot, and its old application is kept in the first. */
  async function inSoak(size: number, context: TestContext): Promise<SlotFleet> {
    const fleet = await (flavour === "njs"
      ? SlotFleet.checked(withNjs(context), size)
      : SlotFleet.start(size));
    await fleet.admitOnly(...fleet.names.map(([first]) => first));
    await fleet.soakIn(...fleet.names.map(([, second]) => second));
    expect(await fleet.served(40)).toEqual(new Set(fleet.names.map(([, second]) => second)));
    return fleet;
  }

  test("the old application of one host answers once the new one dies, before and after the checks notice", async (context) => {
    const fleet = await inSoak(1, context);
    await fleet.kill("app-1_b");
    const over = performance.now() + 1_500;
    while (performance.now() < over) expect(await fleet.served(20)).toEqual(new Set(["app-1"]));
  });

  test("the old applications answer within a second if all new ones die", async (context) => {
    const fleet = await inSoak(2, context);
    await fleet.kill("app-1_b");
    await fleet.kill("app-2_b");
    const old = new Set(["app-1", "app-2"]);
    await until(async () => (await fleet.served(40)).isSubsetOf(old), 1);
    // Without checks, nginx tries the dead ones again every two seconds.
    if (flavour === "stock") return;
    const over = performance.now() + 1_500;
    while (performance.now() < over) expect([...(await fleet.served(20)).difference(old)]).toEqual([]);
  });

  test("no request fails if several new applications die and another host still serves", async (context) => {
    const fleet = await (flavour === "njs" ? SlotFleet.checked(withNjs(context), 4) : SlotFleet.start(4));
    await fleet.admitOnly("app-1", "app-2", "app-3", "app-4");
    await fleet.soakIn("app-1_b", "app-2_b", "app-3_b", "app-4");
    for (const name of ["app-1_b", "app-2_b", "app-3_b"]) await fleet.kill(name);
    expect(await fleet.served(40)).toEqual(new Set(["app-4"]));
  });
});
