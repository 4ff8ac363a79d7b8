import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { TwoSlots } from "#rollout/host/slots.ts";
import { changeTopology } from "#rollout/nginx/changeTopology.ts";
import type { NginxAccess } from "#rollout/nginx/nginxAccess.ts";
import { hostsInARow, twoSlotsInARow } from "../../../support/nginx.ts";

/** An nginx in front of slots of which these are drained and empty, and the others serve; it keeps a journal. */
class FakeAccess implements NginxAccess {
  readonly url = "http://127.0.0.1";
  readonly journal: string[] = [];
  readonly flags: Set<string>;
  readonly #empty: ReadonlySet<string>;

  constructor(...drained: readonly string[]) {
    this.flags = new Set(drained);
    this.#empty = new Set(drained);
  }

  async get(path: string) {
    const slot = path.replace("/rollgate/health/", "");
    return this.#empty.has(slot)
      ? { statusCode: 502, body: Buffer.from("no answer to nginx\n") }
      : { statusCode: 200, body: Buffer.from('{"status":"UP"}') };
  }

  getAnew(path: string) {
    return this.get(path);
  }

  async raiseFlag(slot: string) {
    this.journal.push(`drain ${slot}`);
    this.flags.add(slot);
  }

  async lowerFlag(slot: string) {
    this.journal.push(`forget ${slot}`);
    this.flags.delete(slot);
  }

  async sumFlags() {}

  async isFlagged(slot: string) {
    return this.flags.has(slot);
  }

  async connectionsTo(_address: string, port: number) {
    this.journal.push(`settle ${port}`);
    return 0;
  }
}

async function change(access: FakeAccess, before: readonly TwoSlots[], after: readonly TwoSlots[]) {
  await changeTopology({ before, after, access, running: true, settleSeconds: 1 }, async () => {
    access.journal.push("apply");
  });
  return access.journal;
}

/** Two hosts with two slots, at 8081 and 8083, and at 8082 and 8084. */
const two = twoSlotsInARow(2);

/** The same hosts, but the second slot of the second one is elsewhere. */
const moved = two.map((host) =>
  host.name === "app-2" ? { ...host, second: { address: host.address, port: 9000 } } : host,
);

describe("a change of hosts with two slots", () => {
  test("drains second slots that are new, and touches no first one", async () => {
    expect(await change(new FakeAccess(), hostsInARow(2), two)).toEqual([
      "drain app-1_b",
      "drain app-2_b",
      "apply",
    ]);
  });

  test("drains all that are new at the same time, as each may cost round trips", async () => {
    const access = new FakeAccess();
    const asked = Promise.withResolvers<void>();
    let questions = 0;
    access.isFlagged = async () => {
      if (++questions === 4) asked.resolve();
      await asked.promise;
      return false;
    };
    const journal = await change(access, [], two);
    expect(journal.slice(0, 4).sort()).toEqual([
      "drain app-1",
      "drain app-1_b",
      "drain app-2",
      "drain app-2_b",
    ]);
    expect(journal.slice(4)).toEqual(["apply"]);
  });

  test("leaves no flag behind if one of several can't be raised", async () => {
    const access = new FakeAccess();
    const raise = access.raiseFlag.bind(access);
    access.raiseFlag = async (slot) => {
      if (slot === "app-1") throw new Error("disk full");
      await sleep(20);
      await raise(slot);
    };
    await expect(change(access, [], two)).rejects.toThrow("disk full");
    expect(access.flags).toEqual(new Set());
  });

  test("is no outage for one host that gets a second slot", async () => {
    expect(await change(new FakeAccess(), hostsInARow(1), twoSlotsInARow(1))).toEqual([
      "drain app-1_b",
      "apply",
    ]);
  });

  test.each([
    ["first", "app-2", ["app-1_b", "app-2_b"], "settle 8082"],
    ["second", "app-2_b", ["app-1_b", "app-2"], "settle 8084"],
  ])("drains a removed host in its %s slot if it serves from there", async (_, serving, empty, settled) => {
    const access = new FakeAccess(...empty);
    const journal = await change(access, two, two.slice(0, 1));
    expect(journal.slice(0, -2)).toEqual([`drain ${serving}`, settled, "apply"]);
    expect(access.flags).toEqual(new Set(["app-1_b"]));
  });

  test("drains a second slot that moves while it serves", async () => {
    const access = new FakeAccess("app-1_b", "app-2");
    expect(await change(access, two, moved)).toEqual(["drain app-2_b", "settle 8084", "apply"]);
    expect(access.flags).toEqual(new Set(["app-1_b", "app-2", "app-2_b"]));
  });

  test("touches nothing if an empty slot moves", async () => {
    const access = new FakeAccess("app-1_b", "app-2_b");
    expect(await change(access, two, moved)).toEqual(["apply"]);
    expect(access.flags).toEqual(new Set(["app-1_b", "app-2_b"]));
  });

  test("is rejected if the only slot that serves moves", async () => {
    const access = new FakeAccess("app-1", "app-1_b", "app-2");
    await expect(change(access, two, moved)).rejects.toThrow(
      "hosts: expected at least one healthy host that stays where it is, got app-1, app-2, not healthy: change or remove hosts one at a time, or roll first, which moves app-2 to the other slot. nginx was not changed.",
    );
    expect(access.journal).toEqual([]);
  });

  test("leaves the flags as they were if nginx rejects it", async () => {
    const access = new FakeAccess("app-1_b", "app-2");
    await expect(
      changeTopology({ before: two, after: moved, access, running: true, settleSeconds: 1 }, async () => {
        throw new Error("rejected");
      }),
    ).rejects.toThrow("rejected");
    expect(access.flags).toEqual(new Set(["app-1_b", "app-2"]));
  });
});
