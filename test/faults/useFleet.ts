import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { isTidy } from "#rollout/roll/fleet.ts";
import { LocalFleet, type LocalFleetOptions } from "../../harness/localFleet.ts";
import { type Market, market } from "../support/market.ts";

/** A fleet shared by the tests of a file, with two good releases; it starts on the first. */
export interface SharedFleet {
  readonly fleet: LocalFleet;
  readonly old: Market;
  readonly next: Market;
  /** The good release that the first host does not run. */
  other(): Promise<Market>;
  /** Checks, by asking the hosts and by asking through nginx, that all run one release and take traffic. */
  expectAllOn(release: Market): Promise<void>;
}

/** Sets up a fleet for the tests of a file, prints what they saw, and leaves nothing behind. */
export function useFleet(
  size: number,
  prepare?: (fleet: LocalFleet) => Promise<void>,
  options?: LocalFleetOptions,
): SharedFleet {
  let shared: { fleet: LocalFleet; old: Market; next: Market } | undefined;
  const rows: string[] = [];
  const get = () => {
    if (!shared) throw new Error("the fleet is set up before the tests, not before");
    return shared;
  };

  beforeAll(async () => {
    const [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
    const fleet = await LocalFleet.create(size, prepare, options);
    shared = { fleet, old, next };
    const { code, output } = await fleet.roll({ jar: old.jar });
    expect(code, output).toBe(0);
  }, 180_000);

  afterEach(async ({ task }) => {
    const { lost, sent, recoverySeconds } = get().fleet.takeCounts();
    const columns = [task.name, `${lost} of ${sent}`, `${recoverySeconds.toFixed(1)} s`];
    rows.push([...columns, Object.values(await get().fleet.releases()).join(" ")].join(" | "));
  });

  afterAll(async () => {
    console.log(["fault | lost | last roll or way back | the hosts run", ...rows].join("\n"));
    await shared?.fleet.remove();
  }, 60_000);

  return {
    get fleet() {
      return get().fleet;
    },
    get old() {
      return get().old;
    },
    get next() {
      return get().next;
    },
    async other() {
      const { fleet, old, next } = get();
      return (await fleet.running("app-1"))?.release === old.id ? next : old;
    },
    async expectAllOn({ id, version }) {
      const { fleet } = get();
      const all = (value: string) => Object.fromEntries(fleet.hosts.map(({ name }) => [name, value]));
      expect(await fleet.releases()).toEqual(all(id));
      expect(await fleet.served()).toEqual(all(version));
      for (const { name } of fleet.hosts) {
        const member = await fleet.member(name);
        expect(member.serving, `${name} takes traffic`).toBe(true);
        expect(isTidy(member), `${name} has nothing in its other slot`).toBe(true);
        expect(member.state.current).toBe(id);
      }
    },
  };
}
