import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { openLocalNginx } from "#kinds/local/localNginx.ts";
import type { HostPlace } from "#rollout/host/hostPlace.ts";
import { slotsOf, type TwoSlots } from "#rollout/host/slots.ts";
import { LEDGER_FLAG } from "#rollout/nginx/configuration/ledgerLog.ts";
import { machineAbilities } from "#rollout/nginx/machineAbilities.ts";
import type { NginxAccess } from "#rollout/nginx/nginxAccess.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import type { Flavour } from "#rollout/request/rollRequest.ts";
import { freePort } from "../harness/freePort.ts";
import { PlainNginx } from "./plainNginx.ts";
import { printRow } from "./printRow.ts";
import { type LoadedNginx, type Measured, measure } from "./wrk.ts";

/**
 * Compares our configuration, at rest, with a plain nginx that keeps its connections to the same upstream, which answers
 * at once: requests a second through each, in turns, their ratio, and what a request costs each of them; the last row of a
 * table has the medians.
 * `npm run bench:proxy -- --hosts 2,20,50 --pairs 5 --seconds 5`; `--slots 1`: hosts without a second slot;
 * `--serve second`: from their second slots; `--nginx <command>`: another nginx, with each flavour it supports; `--ledger`: compares
 * our configuration while a roll counts requests with itself while none does. Needs `wrk` (`apt-get install wrk`, `brew install wrk`).
 */
const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "2,20,50" },
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "64" },
    slots: { type: "string", default: "2" },
    serve: { type: "string", default: "first" },
    nginx: { type: "string", default: "nginx" },
    ledger: { type: "boolean", default: false },
  },
});
const connections = Number(values.connections);
const SETTLING_SECONDS = 4;
const CHECK = { path: "/health", intervalMilliseconds: 1000, rise: 1, fall: 3, timeoutMilliseconds: 1000 };

if (!findExecutable("wrk")) throw new Error("expected wrk, found no such command: apt-get install wrk");
const directory = await mkdtemp(join(tmpdir(), "rollgate-proxy-"));
await chmod(directory, 0o755);
try {
  for (const size of values.hosts.split(",").map(Number)) await compare(size);
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

async function compare(size: number): Promise<void> {
  const hosts = await Promise.all(Array.from({ length: size }, (_, index) => hostAt(index + 1)));
  const serving = hosts.flatMap((host) => slotsOf(host).at(values.serve === "second" ? -1 : 0) ?? []);
  const ports = serving.map(({ port }) => port);
  const [upstream, plain] = [
    await PlainNginx.start(values.nginx, join(directory, `upstream-${size}`), PlainNginx.answering(ports)),
    await PlainNginx.start(values.nginx, join(directory, `plain-${size}`), PlainNginx.balancing(ports)),
  ];
  try {
    const { flavours, njsModule } = await machineAbilities(plain.machine, values.nginx);
    for (const flavour of flavours) {
      const names = serving.map(({ name }) => name);
      const ours = await serve(flavour, njsModule, hosts, names);
      try {
        const title = `${size} hosts, ${flavour}`;
        if (values.ledger) {
          await compareWithCounting(ours, await serve(flavour, njsModule, hosts, names, "-counting"), title);
          continue;
        }
        await compareWith(plain, ours, `${title}\nplain, ours`);
        const [settling] = serving;
        if (settling) await measureSettling(ours, settling);
      } finally {
        await ours.quit();
      }
    }
  } finally {
    await plain.quit();
    await upstream.quit();
  }
}

async function hostAt(number: number): Promise<TwoSlots> {
  const slot = async () => ({ address: "127.0.0.1", port: await freePort() });
  return {
    name: `app-${number}`,
    ...(await slot()),
    ...(values.slots === "2" && { second: await slot() }),
  };
}

interface Served extends LoadedNginx {
  readonly access: NginxAccess;
  quit(): Promise<void>;
}

/** Our configuration, in which exactly these slots take traffic. */
async function serve(
  flavour: Flavour,
  njsModule: string | undefined,
  hosts: readonly TwoSlots[],
  serving: readonly string[],
  suffix = "",
): Promise<Served> {
  const place = {
    kind: "local" as const,
    directory: join(directory, `${flavour}-${hosts.length}${suffix}`),
    address: "127.0.0.1",
    port: await freePort(),
    controlPort: await freePort(),
  };
  const nginx = openLocalNginx(place, values.nginx);
  await serveConfiguration(
    nginx.server,
    {
      ...(await nginx.settings()),
      ...place,
      name: "bench",
      flavour,
      ...(flavour === "njs" && njsModule && { njsModule }),
      hosts,
      check: { ...CHECK, expect: ["2xx"] },
      healthPath: CHECK.path,
      slowestRequestSeconds: 30,
      statusAllow: [],
      closedPaths: ["/actuator"],
      openPaths: [],
      serverNames: [],
      pathPrefix: "/",
    },
    5,
  );
  for (const name of serving) await nginx.server.access.lowerFlag(name);
  const quit = async () => {
    await nginx.server.quit(2);
    await nginx.close();
  };
  const { access } = nginx.server;
  return { url: access.url, directory: place.directory, access, quit };
}

/** Against our configuration while a roll counts requests. */
async function compareWithCounting(ours: LoadedNginx, counting: Served, title: string): Promise<void> {
  try {
    await counting.access.raiseFlag(LEDGER_FLAG);
    await compareWith(ours, counting, `${title}\nnot counting, counting`);
  } finally {
    await counting.quit();
  }
}

async function compareWith(plain: LoadedNginx, ours: LoadedNginx, title: string): Promise<void> {
  console.log(`${title}, a second   ratio  errors  µs of processor`);
  // Active checks have seen every host up by then, and both have opened their connections.
  await sleep(3 * CHECK.intervalMilliseconds);
  for (const proxy of [plain, ours]) await measure(proxy, 1, connections);
  const pairs: [Measured, Measured][] = [];
  for (let index = 0; index < Number(values.pairs); index++) {
    const isTurned = index % 2 === 1;
    const first = await measure(isTurned ? ours : plain, Number(values.seconds), connections);
    const second = await measure(isTurned ? plain : ours, Number(values.seconds), connections);
    pairs.push(isTurned ? [second, first] : [first, second]);
    printPairs(pairs.slice(-1));
  }
  console.log("medians");
  printPairs(pairs);
}

/** Drains a slot under full load, and prints when nginx had no connection to it any more. */
async function measureSettling({ access, ...proxy }: LoadedNginx & { access: NginxAccess }, slot: HostPlace) {
  const load = measure(proxy, SETTLING_SECONDS, connections);
  await sleep((SETTLING_SECONDS / 2) * 1000);
  await access.raiseFlag(slot.name);
  const began = performance.now();
  while ((await access.connectionsTo(slot.address, slot.port)) > 0) await sleep(10);
  const milliseconds = Math.round(performance.now() - began);
  const { errors } = await load;
  console.log(`drained under load: no connection left after ${milliseconds} ms, ${errors} errors`);
}

function printPairs(pairs: readonly (readonly [Measured, Measured])[]): void {
  const medianOf = (value: (plain: Measured, ours: Measured) => number) =>
    median(pairs.map(([plain, ours]) => value(plain, ours)));
  printRow([
    Math.round(medianOf((plain) => plain.perSecond)),
    Math.round(medianOf((_, ours) => ours.perSecond)),
    medianOf((plain, ours) => ours.perSecond / plain.perSecond).toFixed(2),
    pairs.flat().reduce((sum, { errors }) => sum + errors, 0),
    medianOf((plain) => plain.processorMicroseconds).toFixed(1),
    medianOf((_, ours) => ours.processorMicroseconds).toFixed(1),
  ]);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
