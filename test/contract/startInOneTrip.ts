import { describe, expect, test } from "vitest";
import { until } from "../../harness/until.ts";
import { listenOn, startNode } from "../support/child.ts";
import { hostOf, install, type NewHost, run } from "./appHost.ts";

const { signal } = new AbortController();

/** Starts that take a single trip, on hosts whose supervisor can. */
export function describeStartInOneTrip(open: () => Promise<NewHost>): void {
  describe("a start in one trip", () => {
    test("prepares, makes the release the current one, and starts it", async () => {
      const host = hostOf(await open(), { environment: { PASSWORD: "hunter2" } });
      const release = await install(host, { version: "1.1.0" });
      await run(host, { version: "1.0.0" });
      await host.stop(5);
      const begun = await host.startInOneTrip({ release, launch: host.launch });
      expect(begun).toEqual({ switched: expect.any(Number) });
      await until(async () => (await host.probe(signal)).up, 10);
      expect(await host.observe()).toMatchObject({
        current: release,
        running: { release, launch: host.launch },
      });
      expect(await host.recallLaunch(host.launch)).toMatchObject({ environment: { PASSWORD: "hunter2" } });
    });

    test("does nothing but say so if something listens at the port, whatever the address", async () => {
      const opened = await open();
      const host = hostOf(opened);
      const release = await install(host, { version: "1.1.0" });
      const current = await install(host, { version: "1.0.0" });
      await startNode(listenOn(host.port, "0.0.0.0"), opened);
      expect(await host.startInOneTrip({ release, launch: host.launch })).toBeUndefined();
      expect(await host.observe()).toMatchObject({ current });
      expect(await host.runningApp()).toBeUndefined();
    });

    test("that is repeated after a broken connection starts nothing twice", async () => {
      const host = hostOf(await open());
      const release = await run(host, { version: "1.0.0" });
      const app = await host.runningApp();
      expect(await host.startInOneTrip({ release, launch: host.launch })).toEqual({ switched: 0 });
      expect(await host.runningApp()).toEqual(app);
    });

    test("ends with a switch that fails", async () => {
      const host = hostOf(await open());
      await install(host, { version: "1.0.0" });
      const begun = await host.startInOneTrip({ release: "9.9.9-0123456789ab", launch: host.launch });
      expect(begun).toMatchObject({ isSwitch: true, failure: { code: "release-missing" } });
      expect(begun?.failure).toMatchObject({
        message: `${host.name} cannot switch to 9.9.9-0123456789ab: there is no release 9.9.9-0123456789ab`,
      });
      expect(await host.runningApp()).toBeUndefined();
    });
  });
}
