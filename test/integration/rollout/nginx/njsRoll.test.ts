import { expect, test } from "vitest";
import { NginxGroup } from "#rollout/nginx/nginxGroup.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { until } from "../../../../harness/until.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";
import { localNginxAccess, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const withNjs = useNjsNginx();

test("/status shows a roll while it is on, and how it ended", async (context) => {
  const { executable, module } = withNjs(context);
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
  const settings = nginxSettings({
    directory: await temporaryDirectory(),
    port: await freePort(),
    flavour: "njs",
    hosts,
    ...(module && { njsModule: module }),
  });
  const check = { ...settings.check, intervalMilliseconds: 100, timeoutMilliseconds: 1000, rise: 1 };
  await serveNginx({ ...settings, check }, executable);
  const access = localNginxAccess(settings);
  for (const name of ["app-1", "app-2"]) await access.lowerFlag(name);
  const url = `${controlUrl(settings.port)}/status`;
  const json = async () => JSON.parse((await request(`${url}?format=json`)).body);
  const slot = async (name: string) =>
    (await json()).servers.server.find(({ host }: { host: string }) => host === name);
  await until(async () => (await json()).servers.up === 2);
  expect(await json()).not.toHaveProperty("roll");

  // The roll waits meanwhile.
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
  await fleet.roll("1.1.0", { proxy: new NginxGroup([new NginxProxy(access)]) });

  const { roll } = await json();
  expect(roll).toMatchObject({ outcome: "succeeded", release: "1.1.0" });
  expect(Math.abs(Date.now() - Date.parse(roll.ended))).toBeLessThan(10_000);
  expect(await slot("app-2_b")).toMatchObject({ release: "1.1.0", drained: false });
  expect(await slot("app-2")).not.toHaveProperty("release");
  expect((await request(url)).body).toMatch(/Rolled<\/span> 1\.1\.0/);
  const metrics = (await request(`${url}?format=prometheus`)).body;
  expect(metrics).toContain("rollgate_last_roll_succeeded 1\n");
  expect(metrics).toContain(`,release="1.1.0"} 1\n`);
});
