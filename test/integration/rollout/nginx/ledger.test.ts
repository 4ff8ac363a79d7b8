import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, type TestContext, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { slotsOf } from "#rollout/host/slots.ts";
import type { LedgerRow } from "#rollout/ledger/ledgerSums.ts";
import type { PlaceSum } from "#rollout/ledger/requestCounter.ts";
import { FLUSH_MILLISECONDS, LEDGER_FILE, LEDGER_FLAG } from "#rollout/nginx/configuration/ledgerLog.ts";
import { type LedgerPlace, MachineLedger } from "#rollout/nginx/machineLedger.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { childrenOf } from "../../../../harness/processTable.ts";
import { request } from "../../../../harness/request.ts";
import { until } from "../../../../harness/until.ts";
import { localNginxAccess } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { SlotFleet } from "../../../support/slotFleet.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const withNjs = useNjsNginx();

/** The ledger of a fleet, and what it has counted. */
class Counting {
  readonly ledger: MachineLedger;
  readonly sums: PlaceSum[] = [];
  readonly #fleet: SlotFleet;

  constructor(fleet: SlotFleet, place: Partial<LedgerPlace> = {}) {
    const { directory } = fleet.settings;
    this.ledger = new MachineLedger(
      new LocalMachine(),
      { directory, ...place },
      localNginxAccess(fleet.settings),
    );
    this.#fleet = fleet;
    onTestFinished(() => this.ledger.end());
  }

  static async begin(fleet: SlotFleet, place: Partial<LedgerPlace> = {}): Promise<Counting> {
    const counting = new Counting(fleet, place);
    expect(await counting.ledger.begin()).toBe(true);
    return counting;
  }

  /** All that nginx has written once it has written all. */
  async look(): Promise<void> {
    await sleep(400);
    this.sums.push(...(await this.ledger.look()).sums);
  }

  /** The requests of each slot. */
  get bySlot(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { place, requests } of this.sums) {
      const slots = this.#fleet.hosts.flatMap(slotsOf);
      const slot = slots.find(({ address, port }) => `${address}:${port}` === place)?.name ?? "none";
      counts.set(slot, (counts.get(slot) ?? 0) + requests);
    }
    return counts;
  }

  total(key: keyof Omit<LedgerRow, "latency" | "slot" | "release">): number {
    return this.sums.reduce((sum, row) => sum + row[key], 0);
  }
}

function together(...counts: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of counts.flatMap((each) => [...each])) {
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return sums;
}

/** The pids of the workers of its nginx. */
async function workersOf({ settings }: SlotFleet): Promise<number[]> {
  return childrenOf(Number(await readFile(join(settings.directory, "nginx.pid"), "utf8")));
}

async function complaints({ settings }: SlotFleet): Promise<string[]> {
  const text = await readFile(join(settings.directory, "logs/error.log"), "utf8");
  return text.split("\n").filter((line) => /uninitialized|emerg|alert/.test(line));
}

describe.each([
  ["stock nginx", async () => SlotFleet.start(2)],
  ["nginx's own checks", async (context: TestContext) => SlotFleet.checked(withNjs(context), 2)],
  [
    "an access log and canaries",
    async () =>
      SlotFleet.start(2, {
        accessLog: { format: "combined", rotateMegabytes: 100, keep: 5 },
        canary: { hosts: ["app-2"], traffic: "share" },
      }),
  ],
] as const)("the ledger of %s", (_, start) => {
  test("counts each request from its begin to its end, at rest and while a host is drained", async (context) => {
    const fleet = await start(context);
    const access = localNginxAccess(fleet.settings);
    await fleet.admitOnly("app-1", "app-2");
    await fleet.answers(20);
    const counting = await Counting.begin(fleet);
    const answers = [await fleet.answers(40)];
    await counting.look();
    expect(counting.bySlot).toEqual(together(...answers));
    await access.raiseFlag("app-2");
    answers.push(await fleet.answers(20));
    await access.lowerFlag("app-2");
    answers.push(await fleet.answers(20));
    await counting.ledger.stop();
    await fleet.answers(20);
    await counting.look();
    expect(counting.bySlot).toEqual(together(...answers));
    expect(counting.total("lost") + counting.total("cut") + counting.total("errors")).toBe(0);
    expect(await complaints(fleet)).toEqual([]);
  });
});

test("a request that no host answered is lost, and one that another host answered is not", async () => {
  const fleet = await SlotFleet.start(2);
  await fleet.admitOnly("app-1", "app-2");
  const counting = await Counting.begin(fleet);
  await fleet.kill("app-1");
  const answers = await fleet.answers(20);
  await counting.look();
  expect(together(answers)).toEqual(new Map([["app-2", 20]]));
  expect([counting.total("requests"), counting.total("lost")]).toEqual([20, 0]);
  expect(counting.total("retries")).toBeGreaterThan(0);
  await fleet.kill("app-2");
  const failed = await fleet.answers(12);
  await counting.look();
  expect([...failed.keys()].filter((who) => !who.startsWith("502"))).toEqual([]);
  expect([counting.total("requests"), counting.total("lost")]).toEqual([32, 12]);
});

test("the paths of requests that failed are told only if the settings say so, and without their queries", async () => {
  for (const ledgerPaths of [true, false]) {
    const fleet = await SlotFleet.start(1, { ledgerPaths });
    await fleet.admitOnly("app-1");
    const counting = await Counting.begin(fleet);
    await request(`${fleet.url}/good?token=secret`);
    await fleet.kill("app-1");
    for (const path of ["/orders/7?token=secret", "/orders/7", "/p|;|p;?token=secret"]) {
      expect((await request(`${fleet.url}${path}`)).status).toBe(502);
    }
    await sleep(400);
    const log = await readFile(join(fleet.settings.directory, LEDGER_FILE), "utf8");
    const { sums, paths } = await counting.ledger.look();
    expect(sums.reduce((sum, { requests }) => sum + requests, 0)).toBe(4);
    expect(sums.some(({ isProbe }) => isProbe)).toBe(false);
    expect(paths).toEqual(
      ledgerPaths
        ? [
            { path: "/orders/7", lost: 2, errors: 0 },
            { path: "/p", lost: 1, errors: 0 },
          ]
        : [],
    );
    expect(log).not.toContain("secret");
    expect(log.includes("/good")).toBe(ledgerPaths);
  }
});

test("requests are lost with an error page, too, and while every host is drained", async () => {
  const fleet = await SlotFleet.start(1, { errorPages: { 502: { path: "502.html", text: "sorry" } } });
  const access = localNginxAccess(fleet.settings);
  await fleet.admitOnly("app-1");
  const counting = await Counting.begin(fleet);
  await fleet.kill("app-1");
  expect((await request(`${fleet.url}/`)).body).toBe("sorry");
  await access.raiseFlag("app-1");
  expect((await request(`${fleet.url}/`)).status).toBe(503);
  await counting.look();
  expect([counting.total("requests"), counting.total("lost")]).toEqual([2, 2]);
  expect(counting.bySlot).toEqual(
    new Map([
      ["app-1", 1],
      ["none", 1],
    ]),
  );
  expect(await complaints(fleet)).toEqual([]);
});

test("lines hold no path, query, header or address of a client", async () => {
  const fleet = await SlotFleet.start(1);
  await fleet.admitOnly("app-1");
  const counting = await Counting.begin(fleet);
  await request(`${fleet.url}/secret?token=secret`, { headers: { "user-agent": "secret" } });
  await sleep(400);
  const file = join(fleet.settings.directory, LEDGER_FILE);
  expect(await readFile(file, "utf8")).toMatch(
    /^[\d.]+\|127\.0\.0\.1:\d+\|200\|200\|[\d.]+\|[\d.]+\|[\d.]+\|\d+\|GET\|\d+\|OK\|;\n$/,
  );
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  await counting.ledger.end();
  expect(await readFile(file, "utf8")).toBe("");
});

test("a long file is replaced while it is written, and no request is missed or counted twice", async () => {
  const fleet = await SlotFleet.start(1);
  await fleet.admitOnly("app-1");
  const counting = await Counting.begin(fleet, { limitBytes: 1_000 });
  const files = new Set<string>();
  const logs = join(fleet.settings.directory, "logs");
  for (let round = 0; round < 6; round++) {
    const [, look] = await Promise.all([fleet.answers(20), counting.ledger.look()]);
    counting.sums.push(...look.sums);
    expect(look.isFull).toBe(false);
    files.add(String((await stat(join(logs, "ledger.log")).catch(() => ({ ino: 0 }))).ino));
    await sleep(300);
  }
  await counting.look();
  await counting.look();
  expect(counting.total("requests")).toBe(120);
  expect(files.size).toBeGreaterThan(1);
  await counting.ledger.end();
  expect((await readdir(logs)).filter((name) => name.startsWith("ledger"))).toEqual(["ledger.log"]);
});

test("a look once all is written waits for workers that are held up, and for nothing else", async () => {
  const fleet = await SlotFleet.start(2);
  await fleet.admitOnly("app-1", "app-2");
  const counting = await Counting.begin(fleet);
  const answers = await fleet.answers(40);
  await sleep(FLUSH_MILLISECONDS + 100);
  const look = async (mostMilliseconds: number) => {
    const began = performance.now();
    counting.sums.push(...((await counting.ledger.lookOnceWritten?.(mostMilliseconds))?.sums ?? []));
    return performance.now() - began;
  };
  expect(await look(5_000)).toBeLessThan(4_000);
  expect(counting.bySlot).toEqual(answers);
  const workers = await workersOf(fleet);
  for (const pid of workers) process.kill(pid, "SIGSTOP");
  const resume = () => {
    for (const pid of workers) process.kill(pid, "SIGCONT");
  };
  try {
    expect(await look(500)).toBeGreaterThan(490);
    setTimeout(resume, 300);
    expect(await look(5_000)).toBeLessThan(4_000);
  } finally {
    resume();
  }
});

test("a look once all is written takes the time it may if no worker can be seen, and is not for other people's nginx", async () => {
  const [directory, machine] = [await temporaryDirectory(), new LocalMachine()];
  await mkdir(join(directory, "drained"));
  const ledger = new MachineLedger(machine, { directory }, Object({ url: "http://proxy" }));
  const began = performance.now();
  await ledger.lookOnceWritten?.(500);
  expect(performance.now() - began).toBeGreaterThan(490);
  const foreign = new MachineLedger(machine, { directory, master: "/run/nginx.pid" }, Object({ url: "" }));
  expect(foreign.lookOnceWritten).toBeUndefined();
});

test("a roll begins anew where a deployer was killed", async () => {
  const fleet = await SlotFleet.start(1);
  await fleet.admitOnly("app-1");
  await Counting.begin(fleet);
  await fleet.answers(20);
  await sleep(400);
  const counting = await Counting.begin(fleet);
  await fleet.answers(8);
  await counting.look();
  expect(counting.total("requests")).toBe(8);
});

test("a ledger that nobody reads any more ends by itself, and nothing but an empty file is left", async () => {
  const fleet = await SlotFleet.start(1);
  await fleet.admitOnly("app-1");
  await Counting.begin(fleet, { unreadSeconds: 1 });
  await fleet.answers(8);
  expect(await fleet.drained()).toEqual([LEDGER_FLAG, "app-1_b"]);
  await until(async () => !(await fleet.drained()).includes(LEDGER_FLAG));
  await until(async () => (await readFile(join(fleet.settings.directory, LEDGER_FILE), "utf8")) === "");
  expect(await fleet.served(8)).toEqual(new Set(["app-1"]));
});

test("a file that the deployer may not empty is read from its end on", async () => {
  const directory = await temporaryDirectory();
  // Nobody can empty a folder like a file, not even root.
  await mkdir(join(directory, LEDGER_FILE), { recursive: true });
  const access = {
    url: "http://proxy",
    get: async () => ({ statusCode: 200, body: new Uint8Array() }),
    probe: async () => 200,
    raiseFlag: async () => {},
    lowerFlag: async () => {},
    endLedger: async () => {},
  };
  const ledger = new MachineLedger(new LocalMachine(), { directory, unreadSeconds: 1 }, access);
  expect(await ledger.begin()).toBe(true);
  await writeFile(join(directory, "drained", LEDGER_FLAG), "");
  await until(async () =>
    (await readdir(join(directory, "drained"))).every((name) => name.startsWith(".sum")),
  );
  await ledger.end();
});

test("the ledger's flag is no drain", async () => {
  const fleet = await SlotFleet.start(1);
  await fleet.admitOnly("app-1");
  await Counting.begin(fleet);
  const proxy = new NginxProxy(localNginxAccess(fleet.settings));
  expect(await proxy.drained(AbortSignal.timeout(5_000))).toEqual(new Set(["app-1_b"]));
});
