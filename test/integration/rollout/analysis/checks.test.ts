import { expect, onTestFinished, test } from "vitest";
import { LocalFleet } from "../../../../harness/localFleet.ts";
import { CHECK } from "../../../support/askedServers.ts";
import { fakeJar, fakeJava } from "../../../support/fakeJava.ts";

test("a release that is up but fails a check goes back from the first host, where nginx counts nothing against it", {
  timeout: 60_000,
}, async () => {
  const fleet = await LocalFleet.create(2, undefined, { second: true, order: "start-first" });
  onTestFinished(() => fleet.remove());
  const java = await fakeJava();
  const roll = async (behaviour: Parameters<typeof fakeJar>[0], soakSeconds: number) =>
    fleet.rollHere(await fakeJar(behaviour), undefined, {
      launch: { java, jvmOptions: [] },
      timing: { soakSeconds },
      // Of the slot that soaks, whether or not clients are there.
      analysisChecks: [{ ...CHECK, url: "http://{{address}}:{{port}}/smoke?of={{version}}" }],
    });
  const good = await roll({ version: "1.0.0" }, 1);
  expect(good.failure).toBeUndefined();
  expect(
    good.lines.filter((line) => / soak +stayed healthy; http:\S+ answered 200$/.test(line)),
  ).toHaveLength(2);
  const before = await fleet.releases();
  const { failure, lines } = await roll({ version: "1.1.0", failsEvery: 1 }, 30);
  expect(failure).toMatch(
    /^app-1 failed its soak gate on 1\.1\.0-\w+: http:\/\/127\.0\.0\.1:\d+ answered 500, expected 2xx; /,
  );
  expect(failure).toContain("app-2 was not touched");
  expect(lines.some((line) => / restore +it failed its soak; 1\.0\.0-\w+ takes all traffic/.test(line))).toBe(
    true,
  );
  expect(await fleet.releases()).toEqual(before);
});
