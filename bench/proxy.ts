import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { openLocalNginx } from "#kinds/local/localNginx.ts";
import { slotsOf, type TwoSlots } from "#rollout/host/slots.ts";
import { machineAbilities } from "#rollout/nginx/machineAbilities.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import type { Flavour } from "#rollout/request/rollRequest.ts";
import { freePort } from "../harness/freePort.ts";
import { PlainNginx } from "./plainNginx.ts";
import { printRow } from "./printRow.ts";

/**
 * Compares our configuration, at rest, with a plain nginx that keeps its connections to the same upstream, which answers
 * at once: requests a second through each, in turns, and their ratio; the last row of a table has the medians.
 * `npm run bench:proxy -- --hosts 2,20,50 --pairs 5 --seconds 5`; `--slots 1`: hosts without a second slot;
 * `--serve second`: from their second slots; `--nginx <command>`: another nginx, with each flavour it supports. Needs `wrk`
 * (`apt-get install wrk`, `brew install wrk`).
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
  },
});
const run = promisify(execFile);
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
      const ours = await serve(
        flavour,
        njsModule,
        hosts,
        serving.map(({ name }) => name),
      );
      try {
        await compareWith(plain.url, ours.url, `${size} hosts, ${flavour}`);
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

/** Our configuration, in which exactly these slots take traffic. */
async function serve(
  flavour: Flavour,
  njsModule: string | undefined,
  hosts: readonly TwoSlots[],
  serving: readonly string[],
) {
  const place = {
    kind: "local" as const,
    directory: join(directory, `${flavour}-${hosts.length}`),
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
      closedPaths: [],
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
  return { url: nginx.server.access.url, quit };
}

async function compareWith(plain: string, ours: string, title: string): Promise<void> {
  console.log(`${title}\n  plain    ours   ratio  errors`);
  // Active checks have seen every host up by then, and both have opened their connections.
  await sleep(3 * CHECK.intervalMilliseconds);
  for (const url of [plain, ours]) await measure(url, 1);
  const pairs: { plain: number; ours: number; errors: number }[] = [];
  for (let index = 0; index < Number(values.pairs); index++) {
    const turns = index % 2 === 0 ? [plain, ours] : [ours, plain];
    const rates = new Map<string, Measured>();
    for (const url of turns) rates.set(url, await measure(url, Number(values.seconds)));
    const [one, other] = [rates.get(plain), rates.get(ours)];
    const pair = {
      plain: one?.perSecond ?? 0,
      ours: other?.perSecond ?? 0,
      errors: (one?.errors ?? 0) + (other?.errors ?? 0),
    };
    pairs.push(pair);
    printRow([
      Math.round(pair.plain),
      Math.round(pair.ours),
      (pair.ours / pair.plain).toFixed(2),
      pair.errors,
    ]);
  }
  console.log("medians");
  printRow([
    Math.round(median(pairs.map((pair) => pair.plain))),
    Math.round(median(pairs.map((pair) => pair.ours))),
    median(pairs.map((pair) => pair.ours / pair.plain)).toFixed(2),
    pairs.reduce((sum, pair) => sum + pair.errors, 0),
  ]);
}

interface Measured {
  readonly perSecond: number;
  readonly errors: number;
}

/** What `wrk` says of a run; answers other than 2xx and 3xx are errors. */
async function measure(url: string, seconds: number): Promise<Measured> {
  const { stdout } = await run("wrk", ["-t2", `-c${values.connections}`, `-d${seconds}s`, `${url}/hello`]);
  const count = (pattern: RegExp) => (pattern.exec(stdout)?.slice(1) ?? []).map(Number);
  const [perSecond = 0] = count(/Requests\/sec:\s+([\d.]+)/);
  const errors = [
    ...count(/Non-2xx or 3xx responses: (\d+)/),
    ...count(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/),
  ];
  return { perSecond, errors: errors.reduce((sum, each) => sum + each, 0) };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
