import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { type Before, FakeFleet, type PolicyChange } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const ROOM: Before = { runs: OLD, beside: "nothing" };
/** Serves from its second slot. */
const IN_SECOND: Before = { current: OLD, beside: OLD, besideDrained: false };
const SOAKED: PolicyChange = { order: "start-first", timing: { soakSeconds: 1 } };
const TRIP_MILLISECONDS = 200;

/** Hosts on machines of their own, whose health is long on its way. */
async function farHosts(...before: readonly Before[]): Promise<FakeFleet> {
  const fleet = await FakeFleet.create(
    Object.fromEntries(before.map((host, index) => [`app-${index + 1}`, host])),
  );
  for (const host of fleet.hosts) {
    host.machine = host.name;
    for (const slot of [host, host.second ?? []].flat()) {
      const probe = slot.probe.bind(slot);
      slot.probe = async (signal) => {
        await sleep(TRIP_MILLISECONDS);
        return probe(signal);
      };
    }
  }
  return fleet;
}

/** Says when a host was asked for its state: before the soak of these hosts was over, or after. */
function looksAt(
  fleet: FakeFleet,
  name: string,
  soaking: readonly string[],
  onLook: (count: number) => unknown = () => {},
) {
  const looks: ("before" | "after")[] = [];
  const host = fleet.host(name);
  const observe = host.observe.bind(host);
  host.observe = async (...given) => {
    const isOver = soaking.every((each) => isSoakOver(fleet, each));
    await onLook(looks.push(isOver ? "after" : "before"));
    return observe(...given);
  };
  return looks;
}

function isSoakOver({ reports }: FakeFleet, name: string): boolean {
  return reports.some(
    ({ phase, host, milliseconds }) => phase === "soak" && host === name && milliseconds !== undefined,
  );
}

async function failing(fleet: FakeFleet, policy: PolicyChange): Promise<RollFailed> {
  const error: unknown = await fleet.roll(NEW, { policy, heartbeatMilliseconds: 10_000 }).then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!(error instanceof RollFailed)) throw new Error(`expected RollFailed, got ${String(error)}`);
  return error;
}

describe("the look before the next host", () => {
  test("begins with the last question of the soak", async () => {
    const fleet = await farHosts(ROOM, ROOM);
    const looks = looksAt(fleet, "app-2", ["app-1"]);
    let seen: readonly string[] = [];
    fleet.when(`switch app-2 to ${NEW}`, () => (seen = [...looks]));
    await fleet.roll(NEW, { policy: SOAKED });
    expect(seen.slice(0, 2)).toEqual(["before", "before"]);
  });

  test("begins with the last questions to the last host of a batch", async () => {
    const fleet = await farHosts(ROOM, ROOM, ROOM);
    const looks = looksAt(fleet, "app-3", ["app-1", "app-2"]);
    let seen: readonly string[] = [];
    fleet.when(`switch app-3 to ${NEW}`, () => (seen = [...looks]));
    fleet.when("start app-2_b", () => sleep(300));
    await fleet.roll(NEW, { policy: { ...SOAKED, batch: [2] } });
    expect(seen.slice(0, 2)).toEqual(["before", "before"]);
  });

  test("asks the host before the last one, too", async () => {
    const fleet = await farHosts(ROOM, ROOM, ROOM);
    const looks = looksAt(fleet, "app-1", ["app-2"]);
    let seen: readonly string[] = [];
    fleet.when(`switch app-3 to ${NEW}`, () => (seen = [...looks]));
    await fleet.roll(NEW, { policy: SOAKED });
    expect(seen.slice(0, 2)).toEqual(["before", "before"]);
  });

  test("comes after a hook that takes long", async () => {
    const fleet = await farHosts(ROOM, ROOM);
    const looks = looksAt(fleet, "app-2", ["app-1"]);
    let seen: readonly string[] = [];
    fleet.when(`switch app-2 to ${NEW}`, () => (seen = [...looks]));
    const afterHost = [{ command: "sleep 0.4", where: "deployer" as const, deadlineSeconds: 10 }];
    await fleet.roll(NEW, { policy: { ...SOAKED, hooks: { afterHost } } });
    expect(seen).toEqual(["before", "after"]);
  });

  test("is not taken ahead of the end of a roll", async () => {
    const fleet = await farHosts(ROOM, ROOM);
    const looks = looksAt(fleet, "app-1", ["app-2"]);
    await fleet.roll(NEW, { policy: SOAKED });
    expect(looks).toEqual(["before", "after"]);
  });

  test("decides nothing if the soak fails in its last moment", async () => {
    const fleet = await farHosts(ROOM, ROOM);
    const looks = looksAt(fleet, "app-2", ["app-1"], (count) => {
      if (count === 2) fleet.host("app-1").conduct[NEW] = "down";
    });
    const { message } = await failing(fleet, { ...SOAKED, health: { passes: 1 } });
    expect(message).toContain("app-1 failed its soak gate");
    expect(message).toContain("app-2 was not touched");
    expect(looks.slice(0, 2)).toEqual(["before", "before"]);
    expect(fleet.journal.filter((entry) => /app-2/.test(entry))).toEqual(["stage app-2"]);
    expect(fleet.state["app-1"]).toBe(OLD);
  });

  test("sees a host that dies as the soak ends", async () => {
    const fleet = await farHosts(ROOM, ROOM, ROOM);
    looksAt(fleet, "app-2", ["app-1"], (count) => {
      return count === 2 ? fleet.host("app-2").vanish() : undefined;
    });
    const { message } = await failing(fleet, { ...SOAKED, health: { deadlineSeconds: 0.5 } });
    expect(message).toContain("server of app-2 cannot be reached");
    expect(fleet.journal).not.toContain(`switch app-2 to ${NEW}`);
    expect(fleet.journal).toContain(`switch app-3 to ${NEW}`);
  });

  test("asks whether the lease is held, and nothing begins if it was not", async () => {
    const fleet = await farHosts(ROOM, ROOM);
    const record = { owner: "usurper", since: "", beat: 0, released: false, pid: 0, startTicks: "" };
    const newest = fleet.leases.newest.bind(fleet.leases);
    const isEnding = () => fleet.messages("settle", "app-1").length > 0 && !isSoakOver(fleet, "app-1");
    fleet.leases.newest = async () => (isEnding() ? { generation: 2, record } : newest());
    const { message } = await failing(fleet, SOAKED);
    expect(message).toContain("usurper has taken over this fleet");
    expect(fleet.journal).not.toContain(`switch app-2 to ${NEW}`);
  });
});

describe("the standby flag", () => {
  /** What happens to it once it has been raised in the first soak, and to the host that starts next. */
  async function rolled(next: string, before: readonly Before[], policy = SOAKED): Promise<string[]> {
    const fleet = await farHosts(...before);
    const standBy = fleet.proxy.standBy.bind(fleet.proxy);
    fleet.proxy.standBy = async (isOn) => {
      const hasBegun = () => isOn || fleet.journal.includes(`start ${next}_b`);
      await vi.waitUntil(hasBegun, { timeout: 500 }).catch(() => {});
      await standBy(isOn);
      fleet.journal.push(isOn ? "raised" : "lowered");
    };
    await fleet.roll(NEW, { policy });
    const { journal } = fleet;
    const isWanted = (entry: string) =>
      /^(raised|lowered|(start|admit) .*_b)$/.test(entry) && (!entry.includes(" ") || entry.includes(next));
    const wanted = journal.slice(journal.indexOf("raised")).filter(isWanted);
    return wanted
      .slice(0, wanted.indexOf(`admit ${next}_b`) + 1)
      .filter((entry, index, all) => entry !== all[index - 1]);
  }

  test("goes down while the next application starts, if nginx falls back on none in this mix of slots", async () => {
    const events = await rolled("app-2", [ROOM, ROOM]);
    expect(events).toEqual(["raised", "start app-2_b", "lowered", "admit app-2_b"]);
  });

  test.each([
    ["nginx could fall back on that", "app-2", [IN_SECOND, ROOM], SOAKED],
    [
      "another of its batch could make nginx fall back on that",
      "app-3",
      [ROOM, ROOM, ROOM, ROOM],
      { ...SOAKED, batch: [2] },
    ],
  ] as const)("is down before the next application starts, if %s", async (_, next, before, policy) => {
    const events = await rolled(next, before, policy);
    expect(events.slice(0, 3)).toEqual(["raised", "lowered", `start ${next}_b`]);
    // The others of its batch lower what is down already, each in its own time.
    expect(events.lastIndexOf("raised"), "is raised again after the admission at most").toBe(0);
    expect(events.at(-1)).toBe(`admit ${next}_b`);
  });
});
