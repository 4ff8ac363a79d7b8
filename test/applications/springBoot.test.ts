import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalFleet } from "../../harness/localFleet.ts";
import { request } from "../../harness/request.ts";
import { type ApplicationForm, buildApplication } from "./application.ts";

const VERSIONS = ["2.3.12.RELEASE", "2.5.15", "2.7.18", "3.5.16", "4.0.5"];
const FORMS: Omit<ApplicationForm, "boot">[] = [{ packaging: "jar" }, { packaging: "war" }];
/** A launch script in front; Spring Boot 4 makes none any more. */
const formsOf = (boot: string) =>
  boot.startsWith("4.") ? FORMS : [...FORMS, { packaging: "jar" as const, isExecutable: true }];

describe.each(VERSIONS)("Spring Boot %s", { timeout: 240_000 }, (boot) => {
  let fleet: LocalFleet;

  beforeAll(async () => {
    fleet = await LocalFleet.create(1);
  });
  afterAll(() => fleet.remove(), 60_000);

  test.each(formsOf(boot))("rolls and serves its page as %j", async (form) => {
    const jar = await buildApplication({ boot, ...form });
    const { code, output } = await fleet.roll({ jar, health: { deadlineSeconds: 60 } });
    expect(code, output).toBe(0);
    const page = await request(`${fleet.url}/page.html`);
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining("<p>a page</p>") });
  });
});
