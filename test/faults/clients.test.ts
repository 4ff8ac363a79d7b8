import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request } from "../../harness/request.ts";
import { JdkClient } from "../support/jdkClient.ts";
import { market } from "../support/market.ts";
import { EVERY_FLEET, type Standing } from "./everyFleet.ts";

/** As for an application that is behind a proxy. */
const BEHIND_PROXY = { SERVER_FORWARD_HEADERS_STRATEGY: "framework" };

for (const { where, reason, create } of EVERY_FLEET) {
  describe.skipIf(reason)(
    `an application ${where} that speaks HTTP/2 and trusts forwarding headers${reason ? ` (${reason})` : ""}`,
    { timeout: 240_000 },
    () => {
      let standing: Standing;
      let jar: string;

      beforeAll(async () => {
        ({ jar } = await market({ version: "1.0.0", server: "undertow" }));
        standing = await create(2);
        const { code, output } = await standing.fleet.roll({ jar, environment: BEHIND_PROXY });
        expect(code, output).toBe(0);
      }, 240_000);

      afterAll(() => standing?.remove(), 120_000);

      test("loses no request of a client that offers HTTP/2 while it is rolled", async () => {
        const client = await JdkClient.start(standing.fleet.url);
        const { code, output } = await standing.fleet.roll({
          jar,
          environment: { ...BEHIND_PROXY, ROLLED: "yes" },
        });
        expect(code, output).toBe(0);
        const outcomes = await client.stop();
        expect(Object.keys(outcomes)).toEqual(["HTTP_1_1 200", "HTTP_1_1 201"]);
        expect(outcomes["HTTP_1_1 200"]).toBeGreaterThan(50);
      });

      test.each([
        { Forwarded: "proto=https;host=evil.example" },
        { "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444" },
        { "X-Forwarded-Ssl": "on", "X-Forwarded-Prefix": "/evil" },
      ])("builds links to itself, whatever a stranger sends: %j", async (headers) => {
        const { url } = standing.fleet;
        const { status, body } = await request(`${url}/actuator`, { headers });
        expect(status).toBe(200);
        expect(Object(JSON.parse(body))._links.self.href).toBe(`${url}/actuator`);
      });
    },
  );
}
