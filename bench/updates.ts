import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endProcessesUnder } from "../harness/endProcessesUnder.ts";
import { writeFakeJar, writeFakeJava } from "../harness/fakeApplication.ts";
import { freePort } from "../harness/freePort.ts";
import { Traffic } from "../harness/traffic.ts";
import { Project } from "../test/endToEnd/project.ts";
import { inRepository } from "../tools/inRepository.ts";
import { median } from "./median.ts";
import { nodeProcesses } from "./nodeProcesses.ts";
import { printRow } from "./printRow.ts";

/**
 * Measures what an update costs besides the roll: one with nothing to do, compared with one of a program with a single
 * trivial dynamic resource, and one that rolls two local hosts whose application starts at once. Both refresh first, as
 * ours always does. Then where the seconds of each go, as medians. `--load` is how many requests a second clients send
 * through nginx while it rolls. `npm run bench:updates -- --pairs 5 --load 250`
 */
const { values } = parseArgs({
  options: { pairs: { type: "string", default: "5" }, load: { type: "string", default: "0" } },
});
const pairs = Math.min(20, Number(values.pairs));
const load = Math.min(1000, Number(values.load));

const TRIVIAL = `import * as pulumi from "@pulumi/pulumi";
const provider = {
  async diff() { return { changes: false }; },
  async create() { return { id: "one", outs: {} }; },
  async read(id, props) { return { id, props }; },
};
new (class extends pulumi.dynamic.Resource {})(provider, "one", {});
`;

/** Where the seconds of an update go. */
interface Update {
  readonly wall: number;
  /** The life of the process that refreshes, of the program, and of the one that checks and updates. */
  readonly refresh: number;
  readonly program: number;
  readonly update: number;
  /** What all of these needed of a processor. */
  readonly processor: number;
  /** The roll itself, by its own clock. */
  readonly roll: number;
}

const directory = await mkdtemp(join(tmpdir(), "rollgate-bench-"));
const ours = await Project.create("bench");
const nginxPort = await freePort();
const trivial = await trivialProject(join(directory, "trivial"));
try {
  const jars = await Promise.all(["1.0.0", "1.1.0"].map(jarOf));
  await ours.configure({
    ...{ jar: jars[0] ?? "", java: await writeFakeJava(directory), soakSeconds: 0 },
    ...{ "hosts[0].name": "app-1", "hosts[0].port": await freePort() },
    ...{ "hosts[1].name": "app-2", "hosts[1].port": await freePort() },
    nginxPort,
  });
  for (const project of [trivial, ours, trivial, ours, ours]) await update(project);
  const seen: Record<"trivial" | "no-op" | "roll", Update[]> = { trivial: [], "no-op": [], roll: [] };
  console.log("            wall                processor             roll");
  console.log("trivial   no-op   ratio trivial   no-op   ratio    wall    rest    sent    lost");
  for (let pair = 1; pair <= pairs; pair++) {
    const [a, b] = [await update(trivial), await update(ours)];
    await ours.configure({ jar: jars[pair % 2] ?? "" });
    const traffic = load > 0 ? new Traffic(`http://127.0.0.1:${nginxPort}`, load) : undefined;
    const c = await update(ours, true);
    const { sent = 0, lost = [] } = (await traffic?.stop()) ?? {};
    seen.trivial.push(a);
    seen["no-op"].push(b);
    seen.roll.push(c);
    const ratios = [b.wall / a.wall, a.processor, b.processor, b.processor / a.processor];
    printRow([a.wall, b.wall, ...ratios, c.wall, c.wall - c.roll, sent, lost.length]);
  }
  console.log("\nmedians    wall refresh program  update    roll    rest processor");
  for (const [name, updates] of Object.entries(seen)) {
    const of = (key: keyof Update) => median(updates.map((each) => each[key]));
    const rest = median(updates.map(({ wall, roll }) => wall - roll));
    const columns = [of("wall"), of("refresh"), of("program"), of("update"), of("roll"), rest];
    printRow([name, ...columns, of("processor")]);
  }
  const ratios = seen.trivial.map(({ wall }, pair) => (seen["no-op"][pair]?.wall ?? 0) / wall);
  console.log(`no-op ÷ trivial, median of the pairs: ${median(ratios).toFixed(2)}`);
} finally {
  await ours.remove();
  await endProcessesUnder(ours.directory);
  await trivial.remove();
  await rm(directory, { recursive: true, force: true });
}

async function jarOf(version: string): Promise<string> {
  return (await writeFakeJar({ version }, await mkdtemp(join(directory, "jar-")))).path;
}

async function trivialProject(at: string): Promise<Project> {
  await mkdir(join(at, "state"), { recursive: true });
  const options = "options:\n  refresh: always\n";
  await writeFile(
    join(at, "Pulumi.yaml"),
    `name: trivial\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.ts\n${options}`,
  );
  await writeFile(join(at, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(at, "index.ts"), TRIVIAL);
  await symlink(inRepository("node_modules"), join(at, "node_modules"));
  // What Node.js offers to every program. Sharing our folders would speed up its providers, which keep nothing themselves.
  const project = new Project(at, "bench", { NODE_COMPILE_CACHE: join(at, "compile-cache") });
  await project.pulumi("stack", "init", "bench");
  return project;
}

async function update(project: Project, rolls = false): Promise<Update> {
  let wall = 0;
  const seen = await nodeProcesses(join(directory, "processes"), async () => {
    const began = performance.now();
    const { code, output } = await project.up();
    wall = (performance.now() - began) / 1000;
    if (code !== 0) throw new Error(output);
  });
  const [refresh, update] = seen.filter(({ role }) => role === "providers");
  const program = seen.find(({ role }) => role === "program");
  const roll = rolls ? Number(await project.output("durationSeconds")) : 0;
  return {
    wall,
    refresh: refresh?.lived ?? 0,
    program: program?.lived ?? 0,
    update: update?.lived ?? 0,
    processor: seen.reduce((sum, each) => sum + each.processor, 0),
    roll,
  };
}
