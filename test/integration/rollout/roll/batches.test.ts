import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalFleet } from "../../../../harness/localFleet.ts";
import { fakeJar, fakeJava } from "../../../support/fakeJava.ts";

const TIMING = { soakSeconds: 1, settleSeconds: 5, graceSeconds: 5 };

describe("twelve hosts in batches of a quarter, behind a real nginx", { timeout: 120_000 }, () => {
  let fleet: LocalFleet;
  let settings: { launch: { java: string; jvmOptions: string[] }; timing: typeof TIMING; batch: string[] };

  beforeAll(async () => {
    fleet = await LocalFleet.create(12, undefined, { second: true, order: "start-first" });
    settings = {
      launch: { java: await fakeJava(fleet.directory), jvmOptions: [] },
      timing: TIMING,
      batch: ["25%"],
    };
  }, 60_000);

  afterAll(() => fleet?.remove());

  test("all go back without a lost request when the eighth fails", async () => {
    const [old, next] = [await fakeJar({ version: "1.0.0" }), await fakeJar({ version: "1.1.0" })];
    const bad = await fakeJar({ version: "1.2.0", exits: 1, exitsOn: "app-8" });
    const versions = async () => [
      ...new Set(Object.values(await fleet.releases()).map((release) => release.split("-")[0])),
    ];
    const first = await fleet.roll({ ...settings, jar: old.path });
    expect(first.code, first.output).toBe(0);
    const good = await fleet.underLoad(() => fleet.roll({ ...settings, jar: next.path }));
    expect(good.result.code, good.result.output).toBe(0);
    expect(good.seen.lost).toEqual([]);
    expect(await versions()).toEqual(["1.1.0"]);
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ ...settings, jar: bad.path }));
    expect(result.code).toBe(1);
    expect(result.output).toMatch(/app-8 failed its health gate on 1\.2\.0-\w+: the process ended by itself/);
    expect(seen.lost).toEqual([]);
    expect(await versions()).toEqual(["1.1.0"]);
    expect(result.output).toMatch(/ app-7 +restore +another host of the batch failed/);
    expect(result.output).toMatch(/ app-1 +rollback +going back to 1\.1\.0/);
  });
});
