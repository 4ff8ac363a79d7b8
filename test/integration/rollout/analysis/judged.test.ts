import { describe } from "vitest";
import { LocalFleet } from "../../../../harness/localFleet.ts";
import { fakeJava } from "../../../support/fakeJava.ts";
import { judgedTests } from "../../../support/judgedTests.ts";

describe("on this machine", { timeout: 60_000 }, () => {
  judgedTests(async () => {
    const fleet = await LocalFleet.create(2, undefined, { second: true });
    return { fleet, java: await fakeJava(fleet.directory), remove: () => fleet.remove() };
  });
});
