import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { StartupCache } from "#rollout/startupCache/startupCache.ts";
import { startupObstacle } from "#rollout/startupCache/startupObstacle.ts";
import { LocalFleet } from "../../harness/localFleet.ts";
import { request } from "../../harness/request.ts";
import { type ApplicationForm, buildApplication } from "./application.ts";

const VERSIONS = ["2.3.12.RELEASE", "2.5.15", "2.7.18", "3.5.16", "4.0.5"];
const FORMS: Omit<ApplicationForm, "boot">[] = [{ packaging: "jar" }, { packaging: "war" }];
/** Those that can unpack themselves. */
const CACHED = ["3.5.16", "4.0.5"];
const TRIED = ["2.7.18", ...CACHED];
/** What hosts of every kind have. */
const NEVER_ASKED = new StartupCache(new LocalMachine(), "/", {
  java: "java",
  jvmOptions: [],
  arguments: [],
});
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

  const start = CACHED.includes(boot) ? "from recorded classes" : "from its jar, as the preview says";
  test.runIf(TRIED.includes(boot))(`with a startup cache, restarts ${start}`, async () => {
    const path = await buildApplication({ boot, packaging: "jar" });
    const jar = { path, version: "1.0.0", sha256: "" };
    const wanted = { startupCache: "auto", jar } as const;
    const obstacle = await startupObstacle([{ startupCache: NEVER_ASKED }], wanted);
    for (const GREETING of ["hello", "good day"]) {
      const settings = { jar: path, startupCache: "auto", environment: { GREETING } } as const;
      const { code, output } = await fleet.roll({ ...settings, health: { deadlineSeconds: 60 } });
      expect(code, output).toBe(0);
    }
    const { pid } = (await fleet.running("app-1")) ?? {};
    const maps = await readFile(`/proc/${pid}/maps`, "utf8");
    const isCached = CACHED.includes(boot);
    expect([/\/dependencies\/.*\.jsa$/m.test(maps), obstacle === undefined]).toEqual([isCached, isCached]);
    expect((await request(`${fleet.url}/page.html`)).status).toBe(200);
  });
});
