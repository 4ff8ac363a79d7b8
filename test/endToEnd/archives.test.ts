import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalFleet } from "../../harness/localFleet.ts";
import { request } from "../../harness/request.ts";
import { buildMarket } from "../../tools/buildMarket.ts";
import { market } from "../support/market.ts";

// One of each kind; `npm run test:applications` has them for every generation of Spring Boot.
describe("what `java -jar` accepts", { timeout: 120_000 }, () => {
  let fleet: LocalFleet;

  beforeAll(async () => {
    fleet = await LocalFleet.create(1);
  });
  afterAll(() => fleet.remove(), 60_000);

  test("a jar without a version is rejected in one line before a host is touched, and rolls with the version from the setting", async () => {
    const jar = await buildMarket({ version: "1.0.0", isUnversioned: true });
    const refused = await fleet.roll({ jar });
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/^jar: expected a version in .*, got none: \S+\. Nothing was changed\.$/);
    expect(await fleet.observe("app-1")).toEqual({ releases: [] });
    const { code, output } = await fleet.roll({ jar, version: "2024-11" });
    expect(code, output).toBe(0);
    expect(await fleet.releases()).toEqual({ "app-1": expect.stringMatching(/^2024-11-[0-9a-f]{12}$/) });
  });

  test("a war serves its pages", async () => {
    const war = await market({ version: "1.1.0", packaging: "war" });
    const rolled = await fleet.roll({ jar: war.jar });
    expect(rolled.code, rolled.output).toBe(0);
    expect(await request(`${fleet.url}/page.html`)).toMatchObject({
      status: 200,
      body: expect.stringContaining("a page of the war"),
    });
  });

  test("a jar with a launch script in front serves", async () => {
    const jar = await market({ version: "1.1.0", isExecutable: true });
    const { code, output } = await fleet.roll({ jar: jar.jar });
    expect(code, output).toBe(0);
    expect(await fleet.releases()).toEqual({ "app-1": jar.id });
    expect((await request(`${fleet.url}/hello`)).body).toContain('"version":"1.1.0"');
  });
});
