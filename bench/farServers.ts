import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import { endProcessesUnder } from "../harness/endProcessesUnder.ts";
import { writeFakeJar, writeFakeJava } from "../harness/fakeApplication.ts";
import { freePort } from "../harness/freePort.ts";
import { FarServers } from "../harness/ssh/farServers.ts";
import { SshServers } from "../harness/ssh/sshServers.ts";
import { Project } from "../test/endToEnd/project.ts";
import { buildMarket } from "../tools/buildMarket.ts";
import type { PulumiResult } from "../tools/runPulumi.ts";
import { median } from "./median.ts";
import { tripsOf } from "./trips.ts";

/**
 * Measures what distance costs: a preview and an update with nothing to do, and a roll of three hosts whose application
 * starts at once, without a soak and with the default one, over SSH to sshd processes of this machine, near and with a
 * round trip of so many milliseconds. Each logs in anew, as it has to some seconds after the one before; `--logged-in`:
 * over the connections that one has left. `--jvm`: a Spring Boot application takes the place of the quick one. `--trace`
 * lists what each of them waits for.
 * `npm run bench:far-servers -- --rounds 3 --milliseconds 200 --only no-op,roll --trace`
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    milliseconds: { type: "string", default: "200" },
    only: { type: "string", default: "preview,no-op,roll,default-roll" },
    "logged-in": { type: "boolean", default: false },
    jvm: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});
const milliseconds = Number(values.milliseconds);
const directory = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
const servers = await SshServers.create();
const far = new FarServers(servers);
const sockets = new SharedSockets();
const project = await Project.create("far");
const ratios: Record<string, number[]> = {};
try {
  const jars = [await jarOf("1.0.0"), await jarOf("1.1.0")];
  let rolls = 0;
  const roll = async () => {
    await project.configure({ jar: jars[++rolls % 2] ?? "" });
    return project.up();
  };
  const measured: Record<string, () => Promise<PulumiResult>> = {
    preview: () => project.pulumi("preview"),
    "no-op": () => project.pulumi("up", "--yes"),
    roll,
    "default-roll": roll,
  };
  await project.configure({
    ...(await hosts()),
    ...{ kind: "ssh", sshSupervisor: "process", sshConfig: servers.config },
    jar: jars[0] ?? "",
    ...(!values.jvm && { java: await writeFakeJava(directory) }),
    directory: join(servers.directory, "srv"),
  });
  await seconds(() => project.up());
  console.log(`seconds near, with ${milliseconds} ms, ratio`);
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const what of values.only.split(",")) {
      const run = measured[what];
      if (!run) throw new Error(`expected some of ${Object.keys(measured)}, got ${what}`);
      if (what === "roll") await project.configure({ soakSeconds: 0 });
      if (what === "default-roll") await project.pulumi("config", "rm", "soakSeconds");
      await compare(what, run);
    }
  }
  for (const [what, all] of Object.entries(ratios))
    console.log(`${what.padEnd(12)} median ratio ${median(all).toFixed(2)}`);
} finally {
  far.roundTripMilliseconds = 0;
  await project.remove();
  await endProcessesUnder(servers.directory);
  await servers.remove();
  await rm(directory, { recursive: true });
}

async function jarOf(version: string): Promise<string> {
  if (values.jvm) return buildMarket({ version });
  const { path } = await writeFakeJar({ version }, await mkdtemp(join(directory, "jar-")));
  return path;
}

async function hosts(): Promise<Record<string, string | number>> {
  const settings: Record<string, string | number> = {};
  for (const index of [0, 1, 2]) {
    const { name, address } = await far.add(`server-${index + 1}`);
    settings[`hosts[${index}].name`] = `app-${index + 1}`;
    settings[`hosts[${index}].server`] = name;
    settings[`hosts[${index}].address`] = address;
    settings[`hosts[${index}].port`] = await freePort(address);
  }
  const { name, address } = await far.add("server-web");
  const nginx = { "nginxServers[0].server": name, nginxAddress: address };
  // By default, it follows from the names of project and stack: another bench beside this one would have it, too.
  const controlPort = await freePort();
  return { ...settings, ...nginx, nginxPort: await freePort(address), controlPort };
}

async function compare(what: string, run: () => Promise<PulumiResult>): Promise<void> {
  const times: number[] = [];
  for (const distance of [0, milliseconds]) {
    far.roundTripMilliseconds = distance;
    if (!values["logged-in"]) sockets.renew();
    times.push(values.trace ? await traced(`${what} with ${distance} ms`, run) : await seconds(run));
  }
  const [near = 0, away = 0] = times;
  const ratio = away / near;
  ratios[what] = [...(ratios[what] ?? []), ratio];
  console.log(`${what.padEnd(12)} ${near.toFixed(1)} ${away.toFixed(1)} ${ratio.toFixed(2)}`);
}

async function traced(what: string, run: () => Promise<PulumiResult>): Promise<number> {
  let wall = 0;
  const lines = await tripsOf(join(directory, "trips"), async () => {
    wall = await seconds(run);
  });
  console.log([`\n${what}: began, took, process, kind, server, what`, ...lines, ""].join("\n"));
  return wall;
}

async function seconds(run: () => Promise<PulumiResult>): Promise<number> {
  const began = performance.now();
  const { code, output } = await run();
  if (code !== 0) throw new Error(output);
  return (performance.now() - began) / 1000;
}
