import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pLimit from "p-limit";
import type { LocalHostDescriptor, LocalProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import { openLocalNginx } from "#kinds/local/localNginx.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import { machineAbilities } from "#rollout/nginx/machineAbilities.ts";
import { NginxGroup } from "#rollout/nginx/nginxGroup.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { roll } from "#rollout/roll/roll.ts";
import { controlPortFor, freePort } from "../harness/freePort.ts";
import { Traffic } from "../harness/traffic.ts";
import { buildMarket } from "../tools/buildMarket.ts";
import { measureBatches } from "./batches.ts";
import { median } from "./median.ts";
import { WatchedJvm } from "./watchedJvm.ts";

/**
 * Rolls two local hosts back and forth under constant traffic and prints, per roll, the lost requests and
 * the wall time relative to what the JVMs alone need: the sum over the hosts of stop and start-to-first-UP, as one who
 * only watches them sees it in the same roll. The second ratio counts to the stop what requests need that run when their
 * host is drained, for which a JVM that is stopped gracefully would have to wait. The third one is relative to how long
 * the roll waited for the JVMs, with the scripts that stop and start them and the time until it asked once more. `npm run bench -- --rolls 5 --rate 250 --requests 10000`; `--rate 0`: no traffic;
 * `--nginx <command>`: another nginx, with the best flavour it supports. Then three hosts, in either order.
 */
const { values } = parseArgs({
  options: {
    rolls: { type: "string", default: "5" },
    rate: { type: "string", default: "250" },
    requests: { type: "string", default: "10000" },
    nginx: { type: "string", default: "nginx" },
    batches: { type: "string" },
  },
});
const [rolls, rate, requests] = [Number(values.rolls), Number(values.rate), Number(values.requests)];
const batches = Number(values.batches ?? rolls);
/** What settling takes if no request runs: the time to connect, and that for which nginx keeps an idle connection. */
const IDLE_SETTLE_MILLISECONDS = 50 + 50;
const PHASES = ["drain", "settle", "stop", "switch", "start", "health", "upstream", "admit"] as const;
const health = {
  path: "/actuator/health",
  passes: 2,
  intervalMilliseconds: 100,
  timeoutMilliseconds: 2000,
  deadlineSeconds: 60,
};
const policy = {
  health,
  timing: {
    settleSeconds: 30,
    graceSeconds: 30,
    soakSeconds: 0,
    rollDeadlineSeconds: 600,
    leaseWaitSeconds: 0,
    slowestRequestSeconds: 30,
    shutdownPhaseSeconds: 20,
  },
  order: "stop-first" as const,
  batch: [1],
  minimumHealthy: 1,
  keepReleases: 3,
  onFailure: "rollback",
} as const;

const directory = await mkdtemp(join(tmpdir(), "rollgate-bench-"));
const port = await freePort();
const hostPorts = [await freePort(), await freePort()];
const proxyDescriptor: LocalProxyDescriptor = {
  kind: "local",
  directory: `${directory}/nginx`,
  address: "127.0.0.1",
  port,
  controlPort: controlPortFor(port),
};
const descriptors = hostPorts.map(
  (hostPort, index): LocalHostDescriptor => ({
    kind: "local",
    name: `app-${index + 1}`,
    directory: `${directory}/app-${index + 1}`,
    address: "127.0.0.1",
    port: hostPort,
  }),
);
const options = {
  launch: { java: "java", jvmOptions: [], arguments: [] },
  environment: {},
  health,
  uploads: pLimit(2),
};
const jvms = descriptors.map(
  (descriptor) => new WatchedJvm(new MachineAppHost(openLocalHost(descriptor), options)),
);
const hosts = jvms.map(({ host }) => host);
const nginx = openLocalNginx(proxyDescriptor, values.nginx);
const { leases } = nginx;
const proxy = new NginxGroup([new NginxProxy(nginx.server.access)]);

try {
  const { flavours, njsModule } = await machineAbilities(nginx.server.machine, values.nginx);
  await serveConfiguration(
    nginx.server,
    {
      ...proxyDescriptor,
      name: "bench",
      serverNames: [],
      flavour: flavours[0],
      ...(flavours[0] === "njs" && njsModule && { njsModule }),
      hosts: descriptors,
      check: {
        path: health.path,
        intervalMilliseconds: 1000,
        rise: 2,
        fall: 3,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
      healthPath: health.path,
      slowestRequestSeconds: 30,
      closedPaths: [],
      openPaths: [],
      pathPrefix: "/",
      statusAllow: [],
      ...(process.getuid?.() === 0 && { user: "root" }),
    },
    30,
  );
  const jars = [await buildMarket({ version: "1.0.0" }), await buildMarket({ version: "1.1.0" })];
  await rollTo(jars[0] ?? "");
  console.log(
    `roll   sent   lost   wall s   JVM s   ratio  with requests  awaited ${PHASES.map((p) => p.padStart(8)).join(" ")}    other`,
  );
  const ratios: Ratios[] = [];
  for (let index = 1; index <= rolls; index++) ratios.push(await measure(index, jars[index % 2] ?? ""));
  const of = (key: keyof Ratios) => median(ratios.map((each) => each[key])).toFixed(3);
  console.log(`median ${of("alone")}, with requests ${of("withRequests")}, awaited ${of("awaited")}`);
} finally {
  await Promise.all(hosts.map((host) => host.stop(5)));
  await nginx.server.quit(5);
  await nginx.close();
  await rm(directory, { recursive: true, force: true });
}
if (batches > 0) await measureBatches(batches);

interface Ratios {
  readonly alone: number;
  readonly withRequests: number;
  readonly awaited: number;
}

async function measure(index: number, jar: string): Promise<Ratios> {
  for (const jvm of jvms) jvm.reset();
  const traffic = rate > 0 ? new Traffic(proxy.url, rate) : undefined;
  const began = performance.now();
  const { durationSeconds, rolled } = await rollTo(jar);
  const milliseconds = jvms.reduce((sum, { seen }) => sum + seen, 0);
  const awaited = jvms.reduce((sum, jvm) => sum + jvm.waited, 0);
  const waited = rolled
    .map(({ times: { settle = 0 } }) => Math.max(0, settle - IDLE_SETTLE_MILLISECONDS))
    .reduce((sum, each) => sum + each, 0);
  while (traffic && traffic.sent < requests && performance.now() - began < 120_000) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const seen = await traffic?.stop();
  const wall = durationSeconds * 1000;
  const found = {
    alone: wall / milliseconds,
    withRequests: wall / (milliseconds + waited),
    awaited: wall / awaited,
  };
  const columns = [
    String(index).padStart(4),
    String(seen?.sent ?? 0).padStart(6),
    String(seen?.lost.length ?? 0).padStart(6),
    durationSeconds.toFixed(1).padStart(8),
    (milliseconds / 1000).toFixed(1).padStart(7),
    found.alone.toFixed(3).padStart(7),
    found.withRequests.toFixed(3).padStart(14),
    found.awaited.toFixed(3).padStart(8),
    ...PHASES.map((phase) => seconds(rolled.reduce((sum, { times }) => sum + (times[phase] ?? 0), 0))),
    seconds(
      durationSeconds * 1000 -
        rolled.reduce((sum, { times }) => sum + Object.values(times).reduce((a, b) => a + b, 0), 0),
    ),
  ];
  console.log(columns.join(" "));
  for (const lost of seen?.lost ?? []) console.log(lost);
  return found;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2).padStart(8);
}

async function rollTo(path: string) {
  const jar = await identifyJar(path);
  return roll({ hosts, proxy, leases }, { release: releaseId(jar), jar }, policy, {
    owner: "bench",
    reporter: () => {},
    signal: new AbortController().signal,
    leaseTiming: { heartbeatMilliseconds: 2_000, expiryMilliseconds: 15_000, waitMilliseconds: 0 },
  });
}
