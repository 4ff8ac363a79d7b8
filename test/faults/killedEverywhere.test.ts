import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { market } from "../support/market.ts";
import { EVERY_FLEET, type Standing } from "./everyFleet.ts";

/** The phases after whose line the deployer is killed; the next one has begun by then. */
const PHASES = ["switch", "start", "health", "upstream", "admit", "drain", "settle", "soak"];
const REQUESTS_PER_SECOND = 100;

describe.each(EVERY_FLEET.filter(({ where }) => where !== "on this machine"))(
  "a deployer that rolls a single host start-first $where",
  { timeout: 240_000 },
  ({ reason, create }) => {
    let standing: Standing | undefined;
    let jars: readonly Awaited<ReturnType<typeof market>>[] = [];

    beforeAll(async () => {
      if (reason !== undefined) return;
      jars = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
      standing = await create(1, { second: true });
      const { code, output } = await standing.fleet.roll({ jar: jars[0]?.jar ?? "" });
      expect(code, output).toBe(0);
    }, 240_000);

    afterAll(() => standing?.remove());

    test.skipIf(reason !== undefined).each(PHASES)(
      `and is killed after %s loses no request, and the next roll finishes${reason ? ` (${reason})` : ""}`,
      async (phase) => {
        const { fleet } = standing ?? {};
        if (!fleet) throw new Error("the fleet is set up before the tests");
        const runs = (await fleet.releases())["app-1"];
        const target = jars.find(({ id }) => id !== runs);
        const settings = { jar: target?.jar ?? "", order: "start-first" } as const;
        const { result, seen } = await fleet.underLoad(
          async () => {
            const roller = await fleet.startRoll({ ...settings, timing: { soakSeconds: 1 } });
            await roller.line(phaseLine("app-1", phase));
            const killed = await roller.kill();
            await sleep(300);
            return { killed, next: await fleet.roll(settings) };
          },
          0,
          REQUESTS_PER_SECOND,
        );
        expect(result.killed.code).toBeUndefined();
        expect(result.next.code, result.next.output).toBe(0);
        expect(seen.lost).toEqual([]);
        expect(await fleet.releases()).toEqual({ "app-1": target?.id });
      },
    );
  },
);
