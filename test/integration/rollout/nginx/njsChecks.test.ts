import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, type TestContext, test } from "vitest";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import type { CheckPolicy } from "#rollout/nginx/nginxSettings.ts";
import { until } from "../../../../harness/until.ts";
import { skipWithoutIPv6 } from "../../../support/addresses.ts";
import { answering, CheckedFleet, hostAt } from "../../../support/checkedFleet.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { localHost } from "../../../support/localHost.ts";
import { localNginxAccess } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";

const withNjs = useNjsNginx();

async function start(context: TestContext, size: number, check: Partial<CheckPolicy> = {}) {
  return CheckedFleet.start(withNjs(context), size, check);
}

describe("a host", () => {
  test("is down at first, and up once it has passed enough checks in a row", async (context) => {
    const fleet = await start(context, 1, { rise: 6 });
    const seen: { up: boolean; rise: number }[] = [];
    await until(async () => {
      seen.push(hostAt(await fleet.status(), 0));
      return seen.at(-1)?.up ?? false;
    });
    expect(seen[0]?.up).toBe(false);
    for (const { up, rise } of seen) expect(up).toBe(rise >= 6);
  });

  test("goes down after enough failed checks in a row, and gets no more requests", async (context) => {
    const fleet = await start(context, 2, { fall: 6 });
    await fleet.untilUp(0, 1);
    hostAt(fleet.hosts, 0).health = answering(503);
    const seen: { up: boolean; fall: number }[] = [];
    await until(async () => {
      seen.push(hostAt(await fleet.status(), 0));
      return !seen.at(-1)?.up;
    });
    expect(seen.map(({ fall }) => fall)).toContain(3);
    for (const { up, fall } of seen) expect(up).toBe(fall < 6);
    expect(await fleet.served()).toEqual(new Set(["app-2"]));
  });

  test("stays up when it fails fewer checks in a row", async (context) => {
    const fleet = await start(context, 1, { fall: 5 });
    await fleet.untilUp(0);
    let asked = 0;
    hostAt(fleet.hosts, 0).health = (...args) => answering(asked++ % 2 === 1 ? 200 : 503)(...args);
    await until(async () => {
      expect(await fleet.isUp(0)).toBe(true);
      return asked > 10;
    });
  });

  test("comes back after it has passed its checks again", async (context) => {
    const fleet = await start(context, 2);
    await fleet.untilUp(0, 1);
    hostAt(fleet.hosts, 0).health = answering(500);
    await fleet.untilUp(1);
    hostAt(fleet.hosts, 0).health = answering(200);
    await fleet.untilUp(0, 1);
    expect(await fleet.served()).toEqual(new Set(["app-1", "app-2"]));
  });

  test("is checked at its management port, and its requests go to the application's", async (context) => {
    const fleet = await start(context, 2);
    let health = 200;
    const management = await serveHttp((asked, answer) =>
      answering(asked.url === "/actuator/health" ? health : 404)(asked, answer),
    );
    hostAt(fleet.hosts, 0).health = answering(503);
    await fleet.untilUp(1);
    const [first, ...others] = fleet.settings.hosts;
    if (!first) throw new Error("there is no host");
    const hosts = [{ ...first, healthPort: management.port }, ...others];
    expect(await fleet.serve({ ...fleet.settings, hosts })).toBe("reloaded");
    await fleet.untilUp(0, 1);
    expect(await fleet.served()).toEqual(new Set(["app-1", "app-2"]));
    expect((await fleet.status()).map(({ name }) => name)).toEqual(
      hosts.map(({ address, port }) => `${address}:${port}`),
    );
    const proxy = new NginxProxy(localNginxAccess(fleet.settings));
    const upstream = () =>
      proxy.upstream(localHost({ name: first.name, port: first.port }), AbortSignal.timeout(5_000));
    expect(await upstream()).toMatchObject({ up: true });
    health = 503;
    await fleet.untilUp(1);
    expect(await upstream()).toMatchObject({ up: false, detail: expect.stringContaining("503") });
    expect(await fleet.served()).toEqual(new Set(["app-2"]));
  });

  test("that answers too late fails, and the others are checked as often as before", async (context) => {
    const fleet = await start(context, 2);
    await fleet.untilUp(0, 1);
    hostAt(fleet.hosts, 0).health = (_, answer) => void setTimeout(() => answer.end("{}"), 450);
    await fleet.untilUp(1);
    const { rise: before } = hostAt(await fleet.status(), 1);
    await sleep(3000);
    const [late, other] = await fleet.status();
    expect(late).toMatchObject({ up: false, rise: 0 });
    expect((other?.rise ?? 0) - before).toBeGreaterThanOrEqual(8);
  });

  test("that never stops answering fails, and the others are still checked", async (context) => {
    const fleet = await start(context, 2);
    await fleet.untilUp(0, 1);
    hostAt(fleet.hosts, 0).health = (_, answer) => {
      const timer = setInterval(() => answer.write("."), 20);
      answer.on("close", () => clearInterval(timer));
    };
    await fleet.untilUp(1);
    const { rise: before } = hostAt(await fleet.status(), 1);
    await until(async () => hostAt(await fleet.status(), 1).rise > before + 4);
    expect(await fleet.isUp(0)).toBe(false);
  });

  test.for([
    { expect: ["2xx", "3xx"], status: 204, healthy: true },
    { expect: ["2xx", "3xx"], status: 302, healthy: true },
    { expect: ["2xx", "3xx"], status: 404, healthy: false },
    { expect: ["200"], status: 200, healthy: true },
    { expect: ["200"], status: 204, healthy: false },
    { expect: ["5xx", "404"], status: 404, healthy: true },
  ])("that answers $status while $expect is expected: healthy $healthy", async (example, context) => {
    const fleet = await start(context, 1, { expect: example.expect });
    hostAt(fleet.hosts, 0).health = answering(example.status);
    await until(async () => {
      const { rise, fall } = hostAt(await fleet.status(), 0);
      return example.healthy ? rise >= 4 : fall >= 4;
    });
    expect(await fleet.isUp(0)).toBe(example.healthy);
  });

  test("is checked over IPv6 too", async (context) => {
    skipWithoutIPv6(context, "::1");
    const fleet = await start(context, 1);
    const { port } = await serveHttp(answering(200), { address: "::1" });
    const hosts = [...fleet.settings.hosts, { name: "app-2", address: "0:0:0:0:0:0:0:1", port }];
    await fleet.serve({ ...fleet.settings, hosts });
    await fleet.untilUp(0, 1);
    expect(hostAt(await fleet.status(), 1).name).toBe(`[::1]:${port}`);
  });
});

test("the rollout learns how nginx sees a host", async (context) => {
  const fleet = await start(context, 1, { rise: 10 });
  const { name, port } = hostAt(fleet.hosts, 0).member;
  const proxy = new NginxProxy(localNginxAccess(fleet.settings));
  const { signal } = new AbortController();
  const host = localHost({ name, port });
  expect(await proxy.upstream(host, signal)).toEqual({
    up: false,
    detail: expect.stringMatching(/^down, rise \d, fall 0$/),
  });
  await until(async () => (await proxy.upstream(host, signal)).up);
});
