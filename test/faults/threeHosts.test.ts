import { rm } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { unexplained } from "../../harness/localFleet.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { useFleet } from "./useFleet.ts";

describe("a fleet of three hosts", { timeout: 240_000 }, () => {
  const shared = useFleet(3);

  test("takes a peer next whose JVM dies in the middle of a roll, which repairs it, and finishes", async () => {
    const { fleet, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar });
      await roller.line(phaseLine("app-1", "start"));
      const killedAt = await fleet.killJvm("app-3");
      return { killedAt, ...(await roller.done) };
    });
    expect(result.code, result.output).toBe(0);
    const drained = result.output.split("\n").filter((line) => phaseLine("app-\\d", "drain").test(line));
    expect(drained.map((line) => /app-\d/.exec(line)?.[0])).toEqual(["app-1", "app-3", "app-2"]);
    expect(result.output).not.toMatch(phaseLine("fleet", "wait"));
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    await shared.expectAllOn(next);
  });

  test("does not wait for a dead peer that cannot be restarted, leaves no two releases behind, and the next roll repairs it first", async () => {
    const { fleet, old, next } = shared;
    const { pid } = (await fleet.running("app-2")) ?? {};
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: old.jar });
      await roller.line(phaseLine("app-1", "start"));
      const killedAt = await fleet.killJvm("app-3");
      await rm(fleet.host("app-3").directory, { recursive: true });
      const failed = await roller.done;
      const between = { releases: await fleet.releases(), pid: (await fleet.running("app-2"))?.pid };
      return { killedAt, failed, between, healed: await fleet.roll({ jar: old.jar }) };
    });
    expect(result.failed.code).toBe(1);
    expect(result.failed.output).toContain("app-3 has no earlier release: it is stopped and drained");
    expect(result.failed.output).toContain(
      `app-1 went back to ${next.id}; app-2 was not touched. Now: app-1 ${next.id}; app-2 ${next.id}; app-3 no release.`,
    );
    expect(result.failed.output).not.toMatch(/ wait /);
    expect(result.failed.output).toContain(`going back to ${next.id} without app-3`);
    expect(result.between).toEqual({
      releases: { "app-1": next.id, "app-2": next.id, "app-3": "nothing" },
      pid,
    });
    expect(result.healed.code, result.healed.output).toBe(0);
    expect(result.healed.output.split("\n").find((line) => / drain /.test(line))).toMatch(
      phaseLine("app-3", "drain"),
    );
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    await shared.expectAllOn(old);
    expect((await fleet.roll({ jar: next.jar })).code).toBe(0);
  });

  test("returns the first two hosts to the release they had when the third fails", async () => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(() => rollAndBreakThird("rollback"));
    expect(result.code).toBe(1);
    expect(result.output).toContain(`app-3 failed its health gate on ${old.id}: the process ended by itself`);
    expect(result.output).toContain(
      `app-3 is back on ${next.id}; app-2 went back to ${next.id}; app-1 went back to ${next.id}. Now: app-1 ${next.id}; app-2 ${next.id}; app-3 ${next.id}.`,
    );
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
    expect(await fleet.releases()).toEqual({ "app-1": next.id, "app-2": next.id, "app-3": next.id });
  });

  test("leaves the first two hosts on the new release with halt, and the next roll finishes", async () => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const failed = await rollAndBreakThird("halt");
      const between = await fleet.releases();
      return { failed, between, finished: await fleet.roll({ jar: old.jar }) };
    });
    expect(result.failed.code).toBe(1);
    expect(result.failed.output).toContain(
      `app-3 is back on ${next.id}; app-1 and app-2 stayed as the roll left them. Now: app-1 ${old.id}; app-2 ${old.id}; app-3 ${next.id}.`,
    );
    expect(result.between).toEqual({ "app-1": old.id, "app-2": old.id, "app-3": next.id });
    expect(result.finished.code, result.finished.output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
  });

  /** From the second release to the first; the new JVM of the third host is killed before it takes traffic. */
  async function rollAndBreakThird(onFailure: "rollback" | "halt") {
    const { fleet, old } = shared;
    const roller = await fleet.startRoll({ jar: old.jar, onFailure });
    await roller.line(phaseLine("app-3", "start"));
    await fleet.killJvm("app-3");
    return roller.done;
  }
});

describe("a fleet of three hosts that start first", { timeout: 240_000 }, () => {
  const shared = useFleet(3, undefined, { second: true, order: "start-first" });

  test("repairs a peer next whose JVM dies in the middle of a roll, and finishes", async () => {
    const { fleet, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar });
      await roller.line(phaseLine("app-1", "start"));
      const killedAt = await fleet.killJvm("app-3");
      return { killedAt, ...(await roller.done) };
    });
    expect(result.code, result.output).toBe(0);
    const started = result.output.split("\n").filter((line) => phaseLine("app-\\d", "start").test(line));
    expect(started.map((line) => /app-\d/.exec(line)?.[0])).toEqual(["app-1", "app-3", "app-2"]);
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    await shared.expectAllOn(next);
  });

  test("goes back to one release if a peer dies for good, and the next roll repairs it first", async () => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: old.jar });
      await roller.line(phaseLine("app-1", "start"));
      const killedAt = await fleet.killJvm("app-3");
      await rm(fleet.host("app-3").directory, { recursive: true });
      const failed = await roller.done;
      return {
        killedAt,
        failed,
        between: await fleet.releases(),
        healed: await fleet.roll({ jar: old.jar }),
      };
    });
    expect(result.failed.code).toBe(1);
    expect(result.failed.output).toContain("app-3 has no earlier release: it is stopped and drained");
    expect(result.failed.output).toContain(
      `app-1 went back to ${next.id}; app-2 was not touched. Now: app-1 ${next.id}; app-2 ${next.id}; app-3 no release.`,
    );
    expect(result.between).toEqual({ "app-1": next.id, "app-2": next.id, "app-3": "nothing" });
    expect(result.healed.code, result.healed.output).toBe(0);
    expect(unexplained(seen.lost, result.killedAt)).toEqual([]);
    await shared.expectAllOn(old);
  });

  test.each([
    { onFailure: "rollback", says: "app-2 went back to OLD; app-1 went back to OLD" },
    { onFailure: "halt", says: "app-1 and app-2 stayed as the roll left them" },
  ] as const)("loses nothing when the third fails, with $onFailure", async ({ onFailure, says }) => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar, onFailure });
      await roller.line(phaseLine("app-3", "start"));
      const { pid } = (await fleet.member("app-3")).spare?.running ?? {};
      if (pid === undefined) throw new Error("app-3 runs nothing in its other slot");
      process.kill(pid, "SIGKILL");
      return roller.done;
    });
    const others = onFailure === "halt" ? next.id : old.id;
    expect(result.code).toBe(1);
    expect(result.output).toContain(
      `app-3 serves ${old.id}, which ran all the time; ${says.replaceAll("OLD", old.id)}. Now: app-1 ${others}; app-2 ${others}; app-3 ${old.id}.`,
    );
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual({ "app-1": others, "app-2": others, "app-3": old.id });
  });
});
