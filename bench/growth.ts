import { appendFile, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { freePort } from "../harness/freePort.ts";
import { inRepository } from "../tools/inRepository.ts";
import { lineChart } from "./charts/lineChart.ts";
import { FakeStack } from "./fakeStack.ts";
import { median } from "./median.ts";

/**
 * How an update grows with its fleet: `pulumi up` with a new jar, one host at a time and in batches of a quarter, on local
 * hosts whose application starts at once. Prints the medians, and draws them.
 * `npm run bench:growth -- --hosts 2,4,8,16,32 --rounds 5 --runs runs.jsonl --write docs/images`; a file of `--runs`
 * collects those of several calls.
 */
const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "2,4,8,16,32" },
    rounds: { type: "string", default: "3" },
    runs: { type: "string" },
    write: { type: "string" },
  },
});

const WAYS = { serial: { batch: 1 }, batched: { batch: "25%" } } as const;
const LABELS = { serial: "one host at a time", batched: "in batches of a quarter" } as const;
const ways = ["serial", "batched"] as const;

const run = z.object({
  hosts: z.number(),
  way: z.enum(ways),
  /** In seconds, as are the others: the whole of `pulumi up`, and the roll in it. */
  wall: z.number(),
  roll: z.number(),
  processor: z.number(),
});
type Run = z.infer<typeof run>;

const runs: Run[] = [];
for (const hosts of values.hosts.split(",").filter(Boolean).map(Number)) await measure(hosts);
const all = values.runs === undefined ? runs : parsed(await readFile(values.runs, "utf8"));
console.log(tableOf(all));
if (values.write !== undefined) await writeFile(inRepository(values.write, "growth.svg"), chartOf(all));

async function measure(hosts: number): Promise<void> {
  const stack = await FakeStack.create("growth");
  try {
    const places: { name: string; port: number }[] = [];
    for (let number = 1; number <= hosts; number++)
      places.push({ name: `app-${number}`, port: await freePort() });
    await stack.configure({ hosts: places, nginxPort: await freePort(), batch: "100%" });
    const jars = [await stack.jar("1.0.0"), await stack.jar("1.1.0")] as const;
    await stack.timed("up", "--yes", "--skip-preview");
    let version = 0;
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const way of ways) {
        version++;
        await stack.project.configure({ jar: jars[version % 2 === 0 ? 0 : 1], ...WAYS[way] });
        const { wall, processor } = await stack.timed("up", "--yes", "--skip-preview");
        await keep({
          hosts,
          way,
          wall,
          processor,
          roll: Number(await stack.project.output("durationSeconds")),
        });
      }
    }
  } finally {
    await stack.remove();
  }
}

async function keep(measured: Run): Promise<void> {
  runs.push(measured);
  const line = JSON.stringify(measured);
  console.log(line);
  if (values.runs !== undefined) await appendFile(values.runs, `${line}\n`);
}

function parsed(text: string): Run[] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : run.parse(JSON.parse(line))));
}

function sizesOf(all: readonly Run[]): number[] {
  return [...new Set(all.map(({ hosts }) => hosts))].sort((a, b) => a - b);
}

function medianOf(all: readonly Run[], hosts: number, way: Run["way"], of: "wall" | "roll" | "processor") {
  return median(all.filter((each) => each.hosts === hosts && each.way === way).map((each) => each[of]));
}

function tableOf(all: readonly Run[]): string {
  const rows = sizesOf(all).map((hosts) => {
    const cells = ways.flatMap((way) =>
      (["wall", "roll", "processor"] as const).map((of) => `${medianOf(all, hosts, way, of).toFixed(1)} s`),
    );
    return `| ${[hosts, ...cells].join(" | ")} |\n`;
  });
  const columns = ways.flatMap((way) => [LABELS[way], "of which the roll", "processor time"]);
  return `| hosts | ${columns.join(" | ")} |\n|---|${"---|".repeat(columns.length)}\n${rows.join("")}`;
}

function chartOf(all: readonly Run[]): string {
  const lines = (of: "wall" | "processor") =>
    ways.map((way) => ({
      label: LABELS[way],
      points: sizesOf(all).map((hosts) => ({ x: hosts, y: medianOf(all, hosts, way, of) })),
    }));
  return lineChart("pulumi up with a new jar whose application starts at once", [
    { title: "wall time (s)", below: "hosts", lines: lines("wall") },
    { title: "processor time of the deployer (s)", below: "hosts", lines: lines("processor") },
  ]);
}
