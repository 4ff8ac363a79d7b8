import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashFile } from "#rollout/release/hashFile.ts";
import { freePort } from "../../harness/freePort.ts";
import { LocalFleet, unexplained } from "../../harness/localFleet.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { until } from "../../harness/until.ts";
import { damageRelease } from "../support/damageRelease.ts";
import { market } from "../support/market.ts";
import { useFleet } from "./useFleet.ts";

describe("a single host that starts first", { timeout: 240_000 }, () => {
  const shared = useFleet(1, undefined, { second: true, order: "start-first" });

  test("rolls to and fro between its slots without a lost request", async () => {
    const { fleet, old, next } = shared;
    const { result, seen } = await fleet.underLoad(async () => [
      await fleet.roll({ jar: next.jar }),
      await fleet.roll({ jar: old.jar }),
    ]);
    for (const { code, output } of result) expect(code, output).toBe(0);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
  });

  test.each(["health-down", "body-down", "health-flaps", "ignore-arguments", "exit-at-start"])(
    "never lets a client reach a release that fails with %s",
    async (fault) => {
      const { fleet, old } = shared;
      const bad = await market({ version: "1.2.0", fault });
      const { result, seen } = await fleet.underLoad(() =>
        fleet.roll({ jar: bad.jar, health: { deadlineSeconds: 8 } }),
      );
      expect(result.code, result.output).toBe(1);
      expect(result.output).toContain(`app-1 serves ${old.id}, which ran all the time`);
      expect(seen.lost).toEqual([]);
      expect(Object.keys(seen.versions)).toEqual([old.version]);
      await shared.expectAllOn(old);
    },
  );

  test("gives all traffic back within a second when the release crashes in its soak", async () => {
    const { fleet, old } = shared;
    const bad = await market({ version: "1.2.0", fault: "crash-after-healthy" });
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: bad.jar, timing: { soakSeconds: 10 } });
      await roller.line(phaseLine("app-1", "drain"));
      await until(async () => !(await fleet.releases())["app-1"]?.includes(bad.id), 20);
      const crashedAt = fleet.loadSeconds;
      return { crashedAt, ...(await roller.done) };
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toContain(`${old.id} takes all traffic again`);
    expect(unexplained(seen.lost, result.crashedAt)).toEqual([]);
    await shared.expectAllOn(old);
  });
});

describe("a single host that starts first and gets into trouble", { timeout: 240_000 }, () => {
  const shared = useFleet(1, undefined, { second: true, order: "start-first" });

  test("stages a release again that was damaged since it ran in the other slot", async () => {
    const { fleet, old, next } = shared;
    expect((await fleet.roll({ jar: next.jar })).code).toBe(0);
    const jar = damageRelease(fleet, "app-1", old.id);
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: old.jar }));
    expect(result.code, result.output).toBe(0);
    expect(await hashFile(jar)).toBe(await hashFile(old.jar));
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
  });

  test("keeps its JVM and its environment if a new environment breaks the start, and shows no secret", async () => {
    const { fleet, old } = shared;
    const good = { DATABASE_PASSWORD: "the-old-password" };
    expect((await fleet.roll({ jar: old.jar, environment: good })).code).toBe(0);
    const before = await fleet.running("app-1");
    // The application itself prints this value, because it is not a known fault.
    const bad = { DATABASE_PASSWORD: "the-new-password", MARKET_FAULT: "the-new-secret-fault" };
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: old.jar, environment: bad }));
    expect(result.code).toBe(1);
    expect(result.output).toContain(
      `${old.id}, started with other environment.DATABASE_PASSWORD and environment.MARKET_FAULT: `,
    );
    expect(result.output).toContain(`app-1 serves ${old.id}, which ran all the time`);
    expect(result.output).toMatch(/^ {4}.*unknown market\.fault '\[secret\]'/m);
    expect(result.output).not.toMatch(/the-(old|new)-/);
    expect(await fleet.running("app-1")).toEqual(before);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(old);
    expect((await fleet.roll({ jar: old.jar, environment: good })).output).toMatch(/app-1 +done +already/);
  });

  test("kills an old application that ignores SIGTERM, with a message and no lost request", async () => {
    const { fleet, next } = shared;
    const deaf = await market({ version: "1.2.0", fault: "ignore-sigterm" });
    expect((await fleet.roll({ jar: deaf.jar })).code).toBe(0);
    const { result, seen } = await fleet.underLoad(() =>
      fleet.roll({ jar: next.jar, timing: { graceSeconds: 1 } }),
    );
    expect(result.code, result.output).toBe(0);
    expect(result.output).toMatch(/app-1 +stop +killed: it ignored SIGTERM for 1 s/);
    expect(seen.lost).toEqual([]);
    await shared.expectAllOn(next);
  });

  test("says which order helps an application that cannot run twice, here because of its JMX port", async () => {
    const { fleet, old, next } = shared;
    const jmx = [`port=${await freePort()}`, "authenticate=false", "ssl=false"].map(
      (option) => `-Dcom.sun.management.jmxremote.${option}`,
    );
    const launch = { jvmOptions: [...fleet.launch.jvmOptions, ...jmx] };
    expect((await fleet.roll({ jar: old.jar, launch })).code).toBe(0);
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: next.jar, launch }));
    expect(result.code, result.output).toBe(1);
    expect(result.output).toContain("the process ended by itself");
    expect(result.output).toMatch(/^Next: .*cannot run twice on a host.*set `order: stop-first`/m);
    expect(seen.lost).toEqual([]);
    expect(Object.keys(seen.versions)).toEqual([old.version]);
    expect(await fleet.releases()).toEqual({ "app-1": old.id });
  });
});

describe("three hosts that start first, all at once", { timeout: 240_000 }, () => {
  let fleet: LocalFleet;

  beforeAll(async () => {
    fleet = await LocalFleet.create(3, undefined, { second: true, order: "start-first" });
  }, 60_000);

  afterAll(() => fleet?.remove());

  test("lose no request, and all go back when one of them fails", async () => {
    const [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
    const bad = await market({ version: "1.2.0", fault: "crash-after-healthy" });
    const all = ({ id }: { readonly id: string }) =>
      Object.fromEntries(fleet.hosts.map(({ name }) => [name, id]));
    expect((await fleet.roll({ jar: old.jar })).code).toBe(0);
    const good = await fleet.underLoad(() => fleet.roll({ jar: next.jar, batch: ["100%"] }));
    expect(good.result.code, good.result.output).toBe(0);
    expect(good.seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(all(next));
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: bad.jar, batch: ["100%"], timing: { soakSeconds: 20 } });
      await roller.line(/ soak +|restore/).catch(() => {});
      await roller.line(/ restore /);
      return { crashedAt: fleet.loadSeconds, ...(await roller.done) };
    });
    expect(result.code, result.output).toBe(1);
    expect(await fleet.releases()).toEqual(all(next));
    expect(result.output.match(/takes all traffic again/g)).toHaveLength(3);
    expect(seen.lost.filter(({ atSeconds }) => atSeconds > result.crashedAt + 1)).toEqual([]);
  });
});
