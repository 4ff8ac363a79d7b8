import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { identifyJar } from "#rollout/release/jar.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { endProcessesUnder } from "../harness/endProcessesUnder.ts";
import { writeFakeJar, writeFakeJava } from "../harness/fakeApplication.ts";
import { LocalFleet } from "../harness/localFleet.ts";
import { SshFleet } from "../harness/ssh/sshFleet.ts";
import { type SshServer, SshServers } from "../harness/ssh/sshServers.ts";
import { Traffic } from "../harness/traffic.ts";
import { buildMarket } from "../tools/buildMarket.ts";

/**
 * Rolls three servers back and forth over SSH (sshd processes of this machine) under constant traffic and prints the
 * lost requests; then, with an application that starts at once, the overhead of a host over SSH and locally.
 * `node bench/servers.ts --rolls 5 --rate 220 --requests 10000`; `--rolls 0`: only the costs.
 */
const { values } = parseArgs({
  options: {
    rolls: { type: "string", default: "5" },
    rate: { type: "string", default: "220" },
    requests: { type: "string", default: "10000" },
    compare: { type: "string", default: "5" },
  },
});
const [rolls, rate, requests] = [Number(values.rolls), Number(values.rate), Number(values.requests)];
const HOSTS = 3;
const QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m"];

if (rolls > 0) {
  const jars = [await buildMarket({ version: "1.0.0" }), await buildMarket({ version: "1.1.0" })];
  const [old, next] = [await identifyJar(jars[0] ?? ""), await identifyJar(jars[1] ?? "")];
  await withFleet({ java: "java", jvmOptions: QUICK, arguments: [] }, async (fleet) => {
    report((await fleet.rollHere(old)).failure);
    console.log("roll   sent   lost   wall s");
    for (let index = 1; index <= rolls; index++) {
      const traffic = new Traffic(fleet.url, rate);
      const { failure, seconds } = await fleet.rollHere(index % 2 ? next : old);
      report(failure);
      while (traffic.sent < requests) await new Promise((resolve) => setTimeout(resolve, 100));
      const { sent, lost } = await traffic.stop();
      console.log(
        `${String(index).padStart(4)} ${String(sent).padStart(6)} ${String(lost.length).padStart(6)} ${seconds.toFixed(1).padStart(8)}`,
      );
      for (const each of lost) console.log(each);
    }
  });
}

const directory = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
const launch = { java: await writeFakeJava(directory), jvmOptions: [], arguments: [] };
const quick = [
  await writeFakeJar({ version: "1.0.0" }, directory),
  await writeFakeJar({ version: "1.1.0" }, directory),
];
const local = await LocalFleet.create(HOSTS);
await withFleet(launch, async (fleet) => {
  console.log("seconds per host: over SSH, locally");
  for (let index = 0; index <= Number(values.compare); index++) {
    const jar = quick[index % 2];
    if (!jar) break;
    const remote = await fleet.rollHere(jar);
    report(remote.failure);
    const request = await local.roll({ jar: jar.path, launch });
    const seconds = [secondsPerHost(remote.lines), secondsPerHost(request.output.split("\n"))];
    // The first one deploys.
    if (index > 0) console.log(seconds.map((each) => each.toFixed(2)).join("  "));
  }
});
await local.remove();
await rm(directory, { recursive: true });

async function withFleet(launch: Launch, work: (fleet: SshFleet) => Promise<void>): Promise<void> {
  const servers = await SshServers.create();
  try {
    const machines: SshServer[] = [];
    for (let number = 1; number <= HOSTS; number++) machines.push(await servers.add(`server-${number}`));
    const web = await servers.add("server-web");
    await work(await SshFleet.create({ config: servers.config, machines, web, launch }));
  } finally {
    await endProcessesUnder(servers.directory);
    await servers.remove();
  }
}

/** From the staged release to the last host that was admitted. */
function secondsPerHost(lines: readonly string[]): number {
  const at = (phase: string) =>
    Number(
      lines.findLast((line) => new RegExp(`^\\[ *[\\d.]+ s\\] \\S+ +${phase} `).test(line))?.slice(1, 7),
    );
  return (at("admit") - at("stage")) / HOSTS;
}

function report(failure: string | undefined): void {
  if (failure !== undefined) console.log(failure);
}
