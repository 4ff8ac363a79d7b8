import { afterAll, beforeAll, test } from "vitest";
import {
  deploy,
  expectFoundOut,
  expectFoundOutByProbes,
  expectNotJudged,
  expectPassed,
  type JudgedFleet,
} from "./judgedRolls.ts";

/** What holds for releases that are judged by what clients get, on every kind of host. */
export function judgedTests(create: () => Promise<JudgedFleet & { remove(): Promise<unknown> }>): void {
  let judged: Awaited<ReturnType<typeof create>>;

  beforeAll(async () => {
    judged = await create();
    await deploy(judged, "1.0.0");
  }, 300_000);

  afterAll(() => judged?.remove(), 120_000);

  test("a release that is up but fails every twentieth request goes back from the first host", async () => {
    const behaviour = { version: "1.1.0", failsEvery: 20 };
    await expectFoundOut(judged, behaviour, /: \d+ of \d+ requests \([345]\.?\d* %\) failed, 0 of /);
  });

  test("a release that is up but ten times slower goes back from the first host", async () => {
    const behaviour = { version: "1.2.0", takes: 200 };
    await expectFoundOut(judged, behaviour, /: its p50 is \d{3} ms, \d\d ms with the old release/);
  });

  test("an equal release passes, and its soaks say by what", () => expectPassed(judged, "1.3.0"));

  test("where no client asks, a roll's own requests tell that a release fails", () =>
    expectFoundOutByProbes(judged, { version: "1.5.0", failsEvery: 3 }));

  test("a release is not judged by three requests", () => expectNotJudged(judged, "1.4.0"));
}
