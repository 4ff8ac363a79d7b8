import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, type TestContext, test } from "vitest";
import type { PlaceSum } from "#rollout/ledger/requestCounter.ts";
import { PROBE_ADDRESS } from "#rollout/nginx/configuration/probeServer.ts";
import type { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { request } from "../../../../harness/request.ts";
import { localNginxAccess } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { SlotFleet } from "../../../support/slotFleet.ts";

const withNjs = useNjsNginx();
const PROBES = { probes: true } as const;

/** The ledger of a fleet whose hosts take traffic, and that takes probes. */
async function counting(fleet: SlotFleet) {
  await fleet.admitOnly("app-1", "app-2");
  const access = localNginxAccess(fleet.settings);
  onTestFinished(() => access.ledger.end());
  expect(await access.ledger.begin()).toBe(true);
  return access;
}

async function probe({ ledger }: MachineNginxAccess, times: number, path = "/"): Promise<number[]> {
  const statuses: number[] = [];
  for (let sent = 0; sent < times; sent++) {
    statuses.push((await ledger.probe?.(path, AbortSignal.timeout(5_000))) ?? 0);
  }
  return statuses;
}

/** Requests by who sent them, and of those of the roll, by who answered. */
async function counted({ ledger }: MachineNginxAccess) {
  await sleep(400);
  const { sums } = await ledger.look();
  const requests = (rows: readonly PlaceSum[]) => rows.reduce((sum, row) => sum + row.requests, 0);
  const probes = sums.filter(({ isProbe }) => isProbe);
  return {
    clients: requests(sums.filter(({ isProbe }) => !isProbe)),
    probes: requests(probes),
    lost: probes.reduce((sum, { lost }) => sum + lost, 0),
    answeredBy: new Set(probes.map(({ place }) => place)).size,
  };
}

describe.each<[string, (context: TestContext) => Promise<SlotFleet>]>([
  ["stock nginx", async () => SlotFleet.start(2, PROBES)],
  ["nginx's own checks", async (context) => SlotFleet.checked(withNjs(context), 2, PROBES)],
])("%s", (_, start) => {
  test("balances the roll's own requests as it does those of clients, and counts them apart", async (context) => {
    const fleet = await start(context);
    const access = await counting(fleet);
    await fleet.answers(8);
    expect(await probe(access, 12)).toEqual(Array(12).fill(200));
    expect(await counted(access)).toEqual({ clients: 8, probes: 12, lost: 0, answeredBy: 2 });
    await access.raiseFlag("app-2");
    await fleet.answers(4);
    expect(await probe(access, 6)).toEqual(Array(6).fill(200));
    expect(await counted(access)).toEqual({ clients: 4, probes: 6, lost: 0, answeredBy: 1 });
    await access.raiseFlag("app-1");
    expect(await probe(access, 2)).toEqual([503, 503]);
    expect(await counted(access)).toMatchObject({ clients: 0, probes: 2, lost: 2 });
  });
});

test("no client's request counts as one of the roll, whatever it says", async () => {
  const fleet = await SlotFleet.start(2, PROBES);
  const access = await counting(fleet);
  const { controlPort } = fleet.settings;
  const headers = { host: `${PROBE_ADDRESS}:${controlPort}`, "user-agent": "rollgate" };
  expect((await request(`${fleet.url}/?|p;`, { headers })).status).toBe(200);
  expect(await counted(access)).toMatchObject({ clients: 1, probes: 0 });
});

test("the roll's own requests are not in the access log, and a path that is closed to clients is closed to them", async () => {
  const accessLog = { format: "json", rotateMegabytes: 100, keep: 5 } as const;
  const fleet = await SlotFleet.start(2, { ...PROBES, accessLog, closedPaths: ["/actuator"] });
  const access = await counting(fleet);
  await request(`${fleet.url}/of-a-client`);
  expect(await probe(access, 1, "/of-the-roll")).toEqual([200]);
  expect(await probe(access, 1, "/actuator/health")).toEqual([404]);
  await sleep(1_200);
  const log = await readFile(join(fleet.settings.directory, "logs/access.log"), "utf8");
  expect(log).toContain("/of-a-client");
  expect(log).not.toMatch(/of-the-roll|actuator/);
});

test("without the setting, nginx neither listens for them nor says that it takes them", async () => {
  const fleet = await SlotFleet.start(1, {} satisfies Partial<NginxSettings>);
  await fleet.admitOnly("app-1");
  const access = localNginxAccess(fleet.settings);
  onTestFinished(() => access.ledger.end());
  expect(await access.ledger.begin()).toBe(true);
  expect(access.ledger.probe).toBeUndefined();
  await expect(access.probe("/", AbortSignal.timeout(5_000))).rejects.toThrow("ECONNREFUSED");
});
