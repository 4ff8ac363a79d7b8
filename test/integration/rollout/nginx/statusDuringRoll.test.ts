import { expect, type TestContext, test } from "vitest";
import { NginxGroup } from "#rollout/nginx/nginxGroup.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { until } from "../../../../harness/until.ts";
import { Chromium, findChromium } from "../../../support/chromium.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";
import { localNginxAccess, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const withNjs = useNjsNginx();

/** Two hosts that serve 1.0.0 from their first slots behind a real nginx, and how to roll them. */
async function twoHosts(change: Partial<NginxSettings>, executable?: string) {
  const fleet = await FakeFleet.create({
    "app-1": { runs: "1.0.0", beside: "nothing" },
    "app-2": { runs: "1.0.0", beside: "nothing" },
  });
  const hosts = fleet.hosts.map(({ name, address, port, second }) => ({
    name,
    address,
    port,
    ...(second && { second: { address, port: second.port } }),
  }));
  const place = { directory: await temporaryDirectory(), port: await freePort() };
  const settings = nginxSettings({ ...place, hosts, ...change });
  await serveNginx(settings, executable);
  const access = localNginxAccess(settings);
  for (const { name } of hosts) await access.lowerFlag(name);
  const roll = (release: string) => fleet.roll(release, { proxy: new NginxGroup([new NginxProxy(access)]) });
  return { fleet, settings, roll, url: `${controlUrl(settings.port)}/status` };
}

test("/status shows a roll while it is on, and how it ended", async (context) => {
  const { executable, module } = withNjs(context);
  const { check } = nginxSettings({ directory: "", port: 0 });
  const { fleet, roll, url } = await twoHosts(
    {
      flavour: "njs",
      ...(module && { njsModule: module }),
      check: { ...check, intervalMilliseconds: 100, rise: 1 },
    },
    executable,
  );
  const json = async () => JSON.parse((await request(`${url}?format=json`)).body);
  const slot = async (name: string) =>
    (await json()).servers.server.find(({ host }: { host: string }) => host === name);
  await until(async () => (await json()).servers.up === 2);
  expect(await json()).not.toHaveProperty("roll");

  fleet.when("stop app-1", async () => {
    await until(async () => (await json()).roll?.hosts[0].phase === "stop");
    expect((await json()).roll).toMatchObject({
      owner: "test",
      release: "1.1.0",
      outcome: "rolling",
      hosts: [
        { name: "app-1", from: "1.0.0", to: "1.1.0" },
        { name: "app-2", from: "1.0.0", to: "1.1.0" },
      ],
    });
    expect(await slot("app-1")).toMatchObject({
      release: "1.0.0",
      drained: true,
      drainedBy: "roll of 1.1.0 by test",
    });
    expect(await slot("app-1_b")).toMatchObject({ release: "1.1.0", drained: false });
    const page = (await request(url)).body;
    expect(page).toMatch(/Rolling<\/span> 1\.1\.0<small> from 1\.0\.0</);
    expect(page).toMatch(/app-1 stop for \d s</);
    expect((await request(`${url}?format=prometheus`)).body).toContain("rollgate_roll_in_progress 1\n");
  });
  await roll("1.1.0");

  const ended = (await json()).roll;
  expect(ended).toMatchObject({ outcome: "succeeded", release: "1.1.0" });
  expect(Math.abs(Date.now() - Date.parse(ended.ended))).toBeLessThan(10_000);
  expect(await slot("app-2_b")).toMatchObject({ release: "1.1.0", drained: false });
  expect(await slot("app-2")).not.toHaveProperty("release");
  expect((await request(url)).body).toMatch(/Rolled<\/span> 1\.1\.0/);
  const metrics = (await request(`${url}?format=prometheus`)).body;
  expect(metrics).toContain("rollgate_last_roll_succeeded 1\n");
  expect(metrics).toContain(`,release="1.1.0"} 1\n`);
});

/** A Chromium of this machine, or the test is skipped. */
function chromium(context: TestContext): Chromium {
  const executable = findChromium();
  return executable === undefined ? context.skip("this machine has no Chromium") : new Chromium(executable);
}

test("without nginx's JavaScript module, a browser shows the same, and others get JSON", async (context) => {
  await using browser = chromium(context);
  // What a site may set for its own pages.
  const directives = {
    path: "own.conf",
    text: "add_header Content-Security-Policy \"script-src 'none'\";\n",
  };
  const { fleet, settings, roll, url } = await twoHosts({ statusAllow: ["127.0.0.0/8"], directives });
  const site = `http://127.0.0.1:${settings.port}`;
  const shown = async () => String(await browser.ask("document.body.innerText"));
  await browser.open(`${site}/status`);
  await until(async () => (await shown()).includes("2 of 2 hosts take traffic"));

  fleet.when("stop app-1", async () => {
    await until(async () => /app-1 stop for \d s/.test(await shown()), 10);
    expect(await shown()).toMatch(/Rolling\s+1\.1\.0\s+from 1\.0\.0/);
    expect(await shown()).toMatch(/app-1\s+\S+\s+not checked\s+drained\s+roll of 1\.1\.0 by test\s+1\.0\.0/);
    expect(await shown()).toMatch(/app-1_b\s+\S+\s+not checked\s+takes traffic\s+1\.1\.0/);
  });
  await roll("1.1.0");
  await until(async () => /Rolled\s+1\.1\.0/.test(await shown()), 10);
  expect(await shown()).toMatch(/app-1\s+127\.0\.0\.1:\d+\s+empty/);
  expect(browser.requests.every((asked) => asked.startsWith(site))).toBe(true);

  expect(JSON.parse((await request(`${url}/roll`)).body)).toMatchObject({ roll: { outcome: "succeeded" } });
  expect(JSON.parse((await request(url)).body)).toEqual({ checks: "none", drained: "app-1 app-2 " });
  expect(JSON.parse((await request(`${url}?format=json`)).body).checks).toBe("none");
});
