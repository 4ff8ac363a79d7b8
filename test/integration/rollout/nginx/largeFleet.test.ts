import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { hostsInARow, NGINX, nginxSettings, twoSlotsInARow } from "../../../support/nginx.ts";
import { SlotFleet } from "../../../support/slotFleet.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const run = promisify(execFile);

describe("nginx takes a fleet", () => {
  test.each([
    ["200 hosts with two slots each", twoSlotsInARow(200), 1100],
    ["1,000 hosts", hostsInARow(1000, (number) => `shop-production-host-${number}`), 2900],
  ])("of %s, whose configuration grows with the hosts alone", async (_, hosts, kilobytes) => {
    const directory = await temporaryDirectory();
    const { text, files } = renderConfiguration(nginxSettings({ directory, port: await freePort(), hosts }));
    for (const folder of ["temp", "logs"]) await mkdir(join(directory, folder));
    await writeFile(join(directory, "nginx.conf"), text);
    for (const file of files) await writeFile(join(directory, file.name), file.text);
    const { stderr } = await run(NGINX, ["-t", "-p", directory, "-c", "nginx.conf"]);
    expect(stderr).toContain("test is successful");
    expect(stderr).not.toContain("[warn]");
    expect(text.length).toBeLessThan(kilobytes * 1024);
  });
});

test("a fleet of 55 hosts with two slots each serves any mix of slots, down to a single one", {
  timeout: 60_000,
}, async () => {
  const fleet = await SlotFleet.start(55);
  const slots = fleet.names.flat();
  const { body } = await request(`${controlUrl(fleet.settings.port)}/rollgate/hosts`);
  expect(body.split(" ")).toEqual(slots);
  const moved = fleet.names.map(([first, second], index) => (index < 20 ? second : first));
  const halfGone = moved.filter((_, index) => index % 2 === 0);
  for (const state of [moved, halfGone, ["app-52_b"], ["app-3_b", "app-40"]]) {
    await fleet.admitOnly(...state);
    const served = await fleet.served(100);
    expect(served.isSubsetOf(new Set(state))).toBe(true);
    expect(served.size).toBeGreaterThan(Math.min(state.length, 15) - 1);
    const drained = await request(`${controlUrl(fleet.settings.port)}/rollgate/drained`);
    expect(drained.body.trim().split(" ").slice(1)).toEqual(slots.filter((name) => !state.includes(name)));
  }
  expect(fleet.tried).toEqual(new Set());
});
