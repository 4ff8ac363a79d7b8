import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { unexplained } from "../../harness/localFleet.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { until } from "../../harness/until.ts";
import { market } from "../support/market.ts";
import { useFleet } from "./useFleet.ts";

describe("a bad release", { timeout: 240_000 }, () => {
  const shared = useFleet(2);

  test.each([
    { fault: "health-down", gate: "health", says: /503 DOWN .* for 8 s \(2 passes in a row needed\)/ },
    { fault: "body-down", gate: "health", says: /200 DOWN .* for 8 s \(2 passes in a row needed\)/ },
    { fault: "health-hangs", gate: "health", says: /no answer within 1000 ms for 8 s/ },
    {
      fault: "health-flaps",
      gate: "health",
      says: /(200 UP|503 DOWN .*) for 8 s \(2 passes in a row needed\)/,
    },
    { fault: "slow-start", gate: "health", says: /connect ECONNREFUSED 127\.0\.0\.1:\d+ for 8 s/ },
    {
      fault: "ignore-arguments",
      gate: "health",
      says: /for 8 s .*; it listens at \S+:8081, not at 127\.0\.0\.1:\d+: does it ignore --server\.port\?/,
    },
    { fault: "exit-at-start", gate: "health", says: /^ {4}.* exiting with code 1$/m },
  ])("loses no request and is rolled back at its first host: $fault", async ({ fault, gate, says }) => {
    const { fleet, old } = shared;
    const bad = await market({ version: "1.2.0", fault });
    const { pid } = (await fleet.running("app-2")) ?? {};
    const { result, seen } = await fleet.underLoad(() =>
      fleet.roll({ jar: bad.jar, health: { deadlineSeconds: 8 }, timing: { graceSeconds: 3 } }),
    );
    expect(result.code, result.output).toBe(1);
    expect(result.output).toMatch(says);
    expect(result.output).toMatch(
      `app-1 is back on ${old.id}; app-2 was not touched. Now: app-1 ${old.id}; app-2 ${old.id}.`,
    );
    expect(result.output).toContain(`app-1 failed its ${gate} gate on ${bad.id}`);
    expect(seen.lost).toEqual([]);
    expect(Object.keys(seen.versions)).toEqual([old.version]);
    await shared.expectAllOn(old);
    expect((await fleet.running("app-2"))?.pid).toBe(pid);
  });

  test("is caught by the soak if it crashes 5 s after it was healthy, and loses only its requests in flight", async () => {
    const { fleet, old } = shared;
    const bad = await market({ version: "1.2.0", fault: "crash-after-healthy" });
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: bad.jar, timing: { soakSeconds: 8 } });
      await roller.line(phaseLine("app-1", "admit"));
      await until(async () => (await fleet.running("app-1"))?.release !== bad.id);
      const crashedAt = fleet.loadSeconds;
      return { ...(await roller.done), crashedAt };
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toMatch(
      new RegExp(
        `app-1 failed its soak gate on ${bad.id}: the process ended by itself; nginx saw .*\\. app-1 is back on ${old.id}; app-2 was not touched`,
      ),
    );
    expect(result.output).toContain("market.fault crash-after-healthy: crashing");
    expect(unexplained(seen.lost, result.crashedAt)).toEqual([]);
    // On a quiet machine one or two: 60 POSTs a second of 50 ms each, half of them on this host.
    expect(seen.lost.length).toBeLessThan(20);
    await shared.expectAllOn(old);
  });

  test("is killed if it ignores SIGTERM, with a message and no lost request", async () => {
    const { fleet, next } = shared;
    const deaf = await market({ version: "1.2.0", fault: "ignore-sigterm" });
    expect((await fleet.roll({ jar: deaf.jar })).code).toBe(0);
    const { result, seen } = await fleet.underLoad(() =>
      fleet.roll({ jar: next.jar, timing: { graceSeconds: 1 } }),
    );
    expect(result.code, result.output).toBe(0);
    for (const name of ["app-1", "app-2"]) {
      expect(result.output).toMatch(new RegExp(`${name} +stop +killed: it ignored SIGTERM for 1 s`));
      expect(await readlink(join(fleet.host(name).directory, "current"))).toBe(`releases/${next.id}`);
    }
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
  });
});
