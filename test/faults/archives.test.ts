import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request } from "../../harness/request.ts";
import { buildMarket } from "../../tools/buildMarket.ts";
import { market } from "../support/market.ts";
import { EVERY_FLEET, type Standing } from "./everyFleet.ts";

// endToEnd/archives has these on this machine, where every run of the tests includes them.
for (const { where, reason, create } of EVERY_FLEET.slice(1)) {
  describe.skipIf(reason)(
    `what \`java -jar\` accepts ${where}${reason ? ` (${reason})` : ""}`,
    { timeout: 240_000 },
    () => {
      let standing: Standing;

      beforeAll(async () => {
        standing = await create(1);
      }, 240_000);

      afterAll(() => standing?.remove(), 120_000);

      test("a jar with a launch script in front serves", async () => {
        const { jar, id } = await market({ version: "1.1.0", isExecutable: true });
        const { code, output } = await standing.fleet.roll({ jar });
        expect(code, output).toBe(0);
        expect(await standing.fleet.releases()).toEqual({ "app-1": id });
        expect((await request(`${standing.fleet.url}/hello`)).body).toContain('"version":"1.1.0"');
      });

      test("a jar without a version rolls with the version from the setting", async () => {
        const jar = await buildMarket({ version: "1.0.0", isUnversioned: true });
        const { code, output } = await standing.fleet.roll({ jar, version: "2024-11" });
        expect(code, output).toBe(0);
        expect(await standing.fleet.releases()).toEqual({
          "app-1": expect.stringMatching(/^2024-11-[0-9a-f]{12}$/),
        });
        expect((await request(`${standing.fleet.url}/hello`)).status).toBe(200);
      });
    },
  );
}
