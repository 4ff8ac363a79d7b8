import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { endProcessesUnder } from "../harness/endProcessesUnder.ts";
import { freePort } from "../harness/freePort.ts";
import { FarServers } from "../harness/ssh/farServers.ts";
import { SshServers } from "../harness/ssh/sshServers.ts";
import { FakeStack } from "./fakeStack.ts";
import { nodeProcesses } from "./nodeProcesses.ts";
import { printRow } from "./printRow.ts";
import { busySeconds, masterSeconds, sshdSeconds } from "./processorSeconds.ts";

/**
 * What a preview of a large fleet costs, and how much of it there is to read and to keep: before the first deployment, with
 * nothing to do, and with a new jar. Over SSH, each host is on a server of its own (an sshd process of this machine), as
 * many milliseconds away. `npm run bench:previews -- --kind ssh --hosts 100 --milliseconds 20 --rounds 3`;
 * `-- --hosts 2,100 --sizes`
 */
const { values } = parseArgs({
  options: {
    kind: { type: "string", default: "local" },
    hosts: { type: "string", default: "2,100" },
    milliseconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "1" },
    batch: { type: "string", default: "10%" },
    /** Which previews: `first` alone takes no hosts that run. */
    only: { type: "string", default: "first,no-op,roll" },
    /** Whether to print how many bytes there are to read and to keep, which takes further commands. */
    sizes: { type: "boolean", default: false },
    print: { type: "boolean", default: false },
  },
});

const only = values.only.split(",");
// Seconds of processors: of the deployer; of these, Pulumi's own, the program, its providers, and `ssh`; of the servers, which
// a deployer's own machine would not have to spend; and of all that ran here meanwhile, which tells whether it was quiet.
const shares = ["cpu s", "pulumi", "program", "provider", "ssh"];
const columns = ["hosts", "what", "wall s", ...shares, "sshd s", "busy s", "MB", "bytes", "--diff", "state"];
printRow(columns);
for (const hosts of values.hosts.split(",").map(Number)) await measure(hosts);

async function measure(hosts: number): Promise<void> {
  const servers = values.kind === "ssh" ? await SshServers.create() : undefined;
  const far = servers && new FarServers(servers);
  const stack = await FakeStack.create("previews");
  const preview = async (what: string) => {
    if (far) far.roundTripMilliseconds = Number(values.milliseconds);
    for (let round = 1; round <= Number(values.rounds); round++) {
      if (what === "first" && round > 1) await endConnections(servers);
      const busyBefore = await busySeconds();
      const before = servers ? await sshdSeconds(servers.directory) : 0;
      const mastersBefore = await masterSeconds();
      let cost = { wall: 0, processor: 0, output: "" };
      const processes = await nodeProcesses(join(stack.project.directory, "processes"), async () => {
        cost = await stack.timed("preview");
      });
      const busy = (await busySeconds()) - busyBefore;
      const sshd = servers ? (await sshdSeconds(servers.directory)) - before : 0;
      const masters = sum([...(await masterSeconds())], ([pid, now]) => now - (mastersBefore.get(pid) ?? 0));
      const of = (role: string) =>
        sum(
          processes.filter((each) => each.role === role),
          ({ processor }) => processor,
        );
      const children = sum(processes, (each) => each.children);
      const pulumi = cost.processor - of("program") - of("providers") - children;
      const split = [cost.processor + masters, pulumi, of("program"), of("providers"), children + masters];
      const most = Math.max(...processes.map(({ megabytes }) => megabytes));
      // Once is enough for what is always the same.
      const sizes = values.sizes && round === 1 ? [cost.output.length, ...(await sizesOf(stack))] : [];
      printRow([hosts, what, cost.wall, ...split, sshd, busy, most, ...sizes]);
      if (values.print && round === 1) console.log(cost.output);
    }
    if (far) far.roundTripMilliseconds = 0;
  };
  try {
    await stack.configure({
      ...(servers && far ? await onServers(servers, far, hosts) : await onThisMachine(hosts)),
      batch: "100%",
    });
    if (only.includes("first")) await preview("first");
    if (only.every((each) => each === "first")) return;
    await stack.timed("up", "--yes", "--skip-preview");
    await stack.project.configure({ batch: values.batch });
    if (only.includes("no-op")) await preview("no-op");
    await stack.project.configure({ jar: await stack.jar("1.1.0") });
    if (only.includes("roll")) await preview("roll");
  } finally {
    if (far) far.roundTripMilliseconds = 0;
    if (servers) await endProcessesUnder(servers.directory);
    await stack.remove();
    await servers?.remove();
  }
}

/** Otherwise those of the round before would be there for the next one. */
async function endConnections(servers: SshServers | undefined): Promise<void> {
  await servers?.cutAll();
  // The clients' processes notice that in a moment.
  await sleep(1_000);
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

async function sizesOf(stack: FakeStack): Promise<number[]> {
  const outputs = [
    ["preview", "--diff"],
    ["stack", "export"],
  ];
  const sizes: number[] = [];
  for (const words of outputs) sizes.push((await stack.timed(...words)).output.length);
  return sizes;
}

async function onThisMachine(hosts: number): Promise<Record<string, unknown>> {
  const places: object[] = [];
  for (let number = 1; number <= hosts; number++)
    places.push({ name: `app-${number}`, port: await freePort() });
  return { hosts: places, nginxPort: await freePort() };
}

async function onServers(servers: SshServers, far: FarServers, hosts: number) {
  const places: object[] = [];
  for (let number = 1; number <= hosts; number++) {
    const { name, address } = await far.add(`server-${number}`);
    places.push({ name: `app-${number}`, server: name, address, port: await freePort(address) });
  }
  const { name, address } = await far.add("server-web");
  const directory = join(servers.directory, "srv");
  await mkdir(directory);
  return {
    ...{ kind: "ssh", sshSupervisor: "process", sshConfig: servers.config, directory },
    ...{ hosts: places, nginxServers: [{ server: name }], nginxAddress: address },
    nginxPort: await freePort(address),
  };
}
