import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, type TestContext, test } from "vitest";
import type { CheckPolicy } from "#rollout/nginx/nginxSettings.ts";
import { request } from "../../../../harness/request.ts";
import { until } from "../../../../harness/until.ts";
import { answering, CheckedFleet, checkedHost, hostAt } from "../../../support/checkedFleet.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";

const withNjs = useNjsNginx();

async function start(context: TestContext, size: number, check: Partial<CheckPolicy> = {}) {
  return CheckedFleet.start(withNjs(context), size, check);
}

const NONE_HEALTHY = new Set(["503 no host is healthy\n"]);
const NONE_ADMITTED = new Set(["503 no host takes traffic\n"]);

describe("requests", () => {
  test("are not lost while no host is up yet: hosts that have failed no check are tried", async (context) => {
    const fleet = await start(context, 2, { rise: 100 });
    hostAt(fleet.hosts, 1).health = answering(503);
    await until(async () => hostAt(await fleet.status(), 1).fall > 0);
    expect(await fleet.isUp(0)).toBe(false);
    expect(await fleet.served()).toEqual(new Set(["app-1"]));
  });

  test("are answered with 503 and Retry-After at once while no host is healthy", async (context) => {
    const fleet = await start(context, 2);
    await fleet.untilUp(0, 1);
    for (const host of fleet.hosts) host.health = answering(503);
    await fleet.untilUp();
    expect(await fleet.served()).toEqual(NONE_HEALTHY);
    const began = performance.now();
    expect((await request(`${fleet.url}/`)).headers["retry-after"]).toBe("5");
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test("avoid every host that is drained or down", async (context) => {
    const fleet = await start(context, 4);
    await fleet.untilUp(0, 1, 2, 3);
    hostAt(fleet.hosts, 2).health = answering(503);
    await fleet.untilUp(0, 1, 3);
    expect(await fleet.served(48)).toEqual(new Set(["app-1", "app-2", "app-4"]));
    await fleet.drain("app-4");
    expect(await fleet.served()).toEqual(new Set(["app-1", "app-2"]));
    await fleet.drain("app-1", "app-3");
    expect(await fleet.served()).toEqual(new Set(["app-2"]));
    hostAt(fleet.hosts, 1).health = answering(503);
    await fleet.untilUp(0, 3);
    expect(await fleet.served()).toEqual(NONE_HEALTHY);
    await fleet.drain("app-2");
    expect(await fleet.served()).toEqual(NONE_ADMITTED);
    await fleet.admit("app-4");
    expect(await fleet.served()).toEqual(new Set(["app-4"]));
  });

  test("avoid them even without an upstream for the combination, and are spread over the others", async (context) => {
    const fleet = await start(context, 12);
    await fleet.untilUp(...Array.from({ length: 12 }, (_, index) => index));
    for (const index of [3, 6]) {
      hostAt(fleet.hosts, index).health = answering(503);
      await hostAt(fleet.hosts, index).kill();
    }
    await until(async () => !(await fleet.isUp(3)) && !(await fleet.isUp(6)));
    await fleet.drain("app-2");
    const names = fleet.settings.hosts.map(({ name }) => name);
    const others = names.filter((name) => !["app-2", "app-4", "app-7"].includes(name));
    expect(await fleet.served(300)).toEqual(new Set(others));
  });

  test("are not lost when a host is killed between two checks", async (context) => {
    const fleet = await start(context, 3, { intervalMilliseconds: 600, fall: 2 });
    await fleet.untilUp(0, 1, 2);
    const seen = new Set<string>();
    let clients = true;
    const client = async () => {
      while (clients) for (const name of await fleet.served(4)) seen.add(name);
    };
    const running = [client(), client()];
    await sleep(100);
    await hostAt(fleet.hosts, 0).kill();
    await fleet.untilUp(1, 2);
    clients = false;
    await Promise.all(running);
    expect(seen).toEqual(new Set(["app-1", "app-2", "app-3"]));
  });
});

describe("a reload", () => {
  test("keeps the state of hosts that stay; a new one gets nothing before it is up", async (context) => {
    const fleet = await start(context, 2, { rise: 10 });
    await fleet.untilUp(0, 1);
    const added = await checkedHost("app-3");
    await fleet.serve({ ...fleet.settings, hosts: [...fleet.settings.hosts, added.member] });
    expect((await fleet.status()).map(({ up }) => up)).toEqual([true, true, false]);
    await fleet.admit("app-3");
    const seen = await fleet.served();
    expect(await fleet.isUp(2)).toBe(false);
    expect(seen).toEqual(new Set(["app-1", "app-2"]));
    await fleet.untilUp(0, 1, 2);
    expect(await fleet.served()).toEqual(new Set(["app-1", "app-2", "app-3"]));
  });

  test("treats a host that moved as new", async (context) => {
    const fleet = await start(context, 2, { rise: 10 });
    await fleet.untilUp(0, 1);
    const moved = { ...(await checkedHost("elsewhere")).member, name: "app-2" };
    await fleet.serve({ ...fleet.settings, hosts: [...fleet.settings.hosts.slice(0, 1), moved] });
    expect((await fleet.status()).map(({ up }) => up)).toEqual([true, false]);
  });

  test("forgets a removed host, which starts from scratch when it returns", async (context) => {
    const fleet = await start(context, 2, { rise: 10 });
    await fleet.untilUp(0, 1);
    await fleet.serve({ ...fleet.settings, hosts: fleet.settings.hosts.slice(0, 1) });
    expect(await fleet.status()).toHaveLength(1);
    await sleep(400);
    await fleet.serve(fleet.settings);
    expect((await fleet.status()).map(({ up }) => up)).toEqual([true, false]);
  });

  test("tries the hosts of another flavour's configuration, so that no request is lost", async (context) => {
    const fleet = await start(context, 2, { rise: 20 });
    const { njsModule: _, ...rest } = fleet.settings;
    await fleet.serve({ ...rest, flavour: "stock" });
    const seen = new Set<string>();
    let clients = true;
    const client = (async () => {
      while (clients) for (const name of await fleet.served(4)) seen.add(name);
    })();
    await fleet.serve(fleet.settings);
    await fleet.served();
    expect(await fleet.isUp(0)).toBe(false);
    clients = false;
    await client;
    expect(seen).toEqual(new Set(["app-1", "app-2"]));
  });

  test("repairs a script that was edited", async (context) => {
    const fleet = await start(context, 1);
    expect(await fleet.serve(fleet.settings)).toBe("unchanged");
    const [script] = await fleet.scripts();
    await writeFile(join(fleet.settings.directory, script ?? ""), "export default {};\n");
    expect(await fleet.serve(fleet.settings)).toBe("reloaded");
    expect(await fleet.serve(fleet.settings)).toBe("unchanged");
    expect(await fleet.scripts()).toEqual([script]);
  });

  test("leaves only the script that is in use", async (context) => {
    const fleet = await start(context, 1);
    const [before] = await fleet.scripts();
    const check = { ...fleet.settings.check, rise: 3 };
    expect(await fleet.serve({ ...fleet.settings, check })).toBe("reloaded");
    const after = await fleet.scripts();
    expect(after).toHaveLength(1);
    expect(after).not.toContain(before);
  });
});
