import { describe, expect, type TestContext, test } from "vitest";
import { parseCheckStatus } from "#rollout/nginx/checkStatus.ts";
import { controlUrl } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { until } from "../../../../harness/until.ts";
import { answering, CheckedFleet } from "../../../support/checkedFleet.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { SlotFleet } from "../../../support/slotFleet.ts";

const withNjs = useNjsNginx();

/** Two hosts: the first is up, the second is down and drained. */
async function oneOfTwo(context: TestContext) {
  const fleet = await CheckedFleet.start(withNjs(context), 2);
  const [one, two] = fleet.hosts;
  if (one === undefined || two === undefined) throw new Error("there are two");
  two.health = answering(503);
  await fleet.drain("app-2");
  await fleet.untilUp(0);
  await until(async () => ((await fleet.status())[1]?.fall ?? 0) > 0);
  const addresses = [one, two].map(({ member }) => `127.0.0.1:${member.port}`);
  return { fleet, addresses, url: `${controlUrl(fleet.settings.port)}/status` };
}

test("JSON is a superset of the check module's", async (context) => {
  const { fleet, addresses, url } = await oneOfTwo(context);
  const { status, headers, body } = await request(`${url}?format=json`);
  expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
  expect(parseCheckStatus(Buffer.from(body))).toEqual([
    { name: addresses[0], up: true, rise: expect.any(Number), fall: 0 },
    { name: addresses[1], up: false, rise: 0, fall: expect.any(Number) },
  ]);
  const [, fingerprint] = (
    await request(`${controlUrl(fleet.settings.port)}/rollgate/configuration`)
  ).body.split(" ");
  expect(JSON.parse(body).servers).toMatchObject({
    total: 2,
    up: 1,
    down: 1,
    generation: 1,
    configuration: fingerprint,
    server: [
      { index: 0, upstream: "all", status: "up", type: "http", port: 0, host: "app-1", drained: false },
      { index: 1, status: "down", host: "app-2", drained: true, result: "503" },
    ],
  });
  const { checked, tookMilliseconds } = JSON.parse(body).servers.server[0];
  expect(Math.abs(Date.now() - Date.parse(checked))).toBeLessThan(10_000);
  expect(tookMilliseconds).toBeGreaterThanOrEqual(0);
});

test("the generation counts configurations since nginx was started", async (context) => {
  const { fleet, url } = await oneOfTwo(context);
  await fleet.serve({ ...fleet.settings, statusAllow: ["192.0.2.1"] });
  await until(async () => JSON.parse((await request(`${url}?format=json`)).body).servers.generation === 2);
});

test("Prometheus gets its text format", async (context) => {
  const { addresses, url } = await oneOfTwo(context);
  const { status, headers, body } = await request(`${url}?format=prometheus`);
  expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  const samples = readExposition(body);
  const labels = ([host, address]: readonly [string, string | undefined]) =>
    `{host="${host}",address="${address}"}`;
  const [one, two] = [labels(["app-1", addresses[0]]), labels(["app-2", addresses[1]])];
  expect(samples).toMatchObject({
    [`rollgate_host_up${one}`]: 1,
    [`rollgate_host_up${two}`]: 0,
    [`rollgate_host_drained${one}`]: 0,
    [`rollgate_host_drained${two}`]: 1,
    [`rollgate_host_rise${two}`]: 0,
    [`rollgate_host_fall${one}`]: 0,
    rollgate_generation: 1,
  });
  expect(samples[`rollgate_host_rise${one}`]).toBeGreaterThan(0);
  expect(samples[`rollgate_host_fall${two}`]).toBeGreaterThan(0);
  expect(samples[`rollgate_host_check_seconds${one}`]).toBeLessThan(1);
  expect(Object.keys(samples)).toContainEqual(
    expect.stringMatching(/^rollgate_info\{configuration="[0-9a-f]{16}"\}$/),
  );
});

/** Samples by name and labels; refuses what the text format does not allow. */
function readExposition(text: string): Record<string, number> {
  expect(text.endsWith("\n")).toBe(true);
  const samples: Record<string, number> = {};
  const described = new Set<string>();
  const typed = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const [, kind, subject = ""] = /^# (HELP|TYPE) ([a-z_]+) \S/.exec(line) ?? [];
    if (kind !== undefined) {
      const once = kind === "HELP" ? described : typed;
      expect(once).not.toContain(subject);
      once.add(subject);
      continue;
    }
    const [, key = "", name = "", value] =
      /^(([a-z_]+)(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})?) (-?\d+(?:\.\d+)?)$/.exec(line) ?? [];
    expect(value, line).toBeDefined();
    expect(described).toContain(name);
    expect(typed).toContain(name);
    expect(samples).not.toHaveProperty([key]);
    samples[key] = Number(value);
  }
  return samples;
}

test("people get a page that refreshes itself", async (context) => {
  const { addresses, url } = await oneOfTwo(context);
  const { status, headers, body } = await request(url);
  expect([status, headers["content-type"], headers["cache-control"]]).toEqual([
    200,
    "text/html; charset=utf-8",
    "no-store",
  ]);
  expect(body).toMatch(/^<!doctype html>\n/);
  expect(body).toContain("<title>1 of 2 hosts takes traffic</title>");
  expect(body).toContain('<meta http-equiv="refresh"');
  for (const shown of ["app-1", "app-2", ...addresses, ">up<", ">down<", ">drained<", ">200<", ">503<"]) {
    expect(body).toContain(shown);
  }
});

describe("an empty slot", () => {
  /** Two hosts with two slots: the first one serves from its second slot, the other one is down altogether. */
  async function oneServes(context: TestContext) {
    const fleet = await SlotFleet.checked(withNjs(context), 2);
    await fleet.admitOnly("app-1_b");
    await until(async () => (await fleet.served(4)).has("app-1_b"));
    return fleet;
  }

  test("is told from a host that is down", async (context) => {
    const { settings } = await oneServes(context);
    const url = controlUrl(settings.port);
    const { servers } = JSON.parse((await request(`${url}/status?format=json`)).body);
    const seen = Object.fromEntries(
      servers.server.map((server: Record<string, unknown>) => [
        server.host,
        [server.slotOf, server.status, server.drained, server.empty],
      ]),
    );
    expect(seen).toEqual({
      "app-1": ["app-1", "down", true, true],
      "app-1_b": ["app-1", "up", false, false],
      "app-2": ["app-2", "down", true, false],
      "app-2_b": ["app-2", "down", true, true],
    });
    const page = (await request(`${url}/status`)).body;
    expect(page).toContain("<title>1 of 2 hosts takes traffic</title>");
    const marks = [...page.matchAll(/<td>([^<]+)<\/td><td>[\d.:]+<\/td>\n<td><span class="[^"]*">(\w+)</g)];
    expect(marks.map(([, host, mark]) => [host, mark])).toEqual([
      ["app-1", "empty"],
      ["app-1_b", "up"],
      ["app-2", "down"],
      ["app-2_b", "empty"],
    ]);
    const samples = readExposition((await request(`${url}/status?format=prometheus`)).body);
    const ups = Object.entries(samples).filter(([key]) => key.startsWith("rollgate_host_up"));
    const [one, two] = settings.hosts;
    expect(ups).toEqual([
      [`rollgate_host_up{host="app-1_b",address="127.0.0.1:${one?.second?.port}"}`, 1],
      [`rollgate_host_up{host="app-2",address="127.0.0.1:${two?.port}"}`, 0],
    ]);
  });
});

test("allowed addresses may read it where clients go", async (context) => {
  const { fleet } = await oneOfTwo(context);
  await fleet.serve({ ...fleet.settings, statusAllow: ["127.0.0.0/8"] });
  await until(async () => (await request(`${fleet.url}/status?format=json`)).body.includes('"generation"'));
  expect((await request(`${fleet.url}/status`)).body).toContain("<table>");
  await fleet.serve({ ...fleet.settings, statusAllow: ["192.0.2.1"] });
  await until(async () => (await request(`${fleet.url}/status`)).status === 403);
});
