import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { identifyJar } from "#rollout/release/jar.ts";
import { LocalFleet } from "../harness/localFleet.ts";
import { buildMarket } from "../tools/buildMarket.ts";
import { median } from "./median.ts";
import { printRow } from "./printRow.ts";

/**
 * Rolls three local hosts stop-first under constant traffic, in turn without a startup cache and with one, and prints what
 * clients lost, how many seconds each roll took, and what they were spent on. Every roll is to a release that no host has
 * seen, with the libraries of the one before; or, with `--first`, with libraries that there are no classes of yet; or, with
 * `--known`, to a release that the hosts have kept, as on a way back.
 * `npm run bench:startup-cache -- --pairs 5 --rate 200`; `--rate 0`: no traffic.
 */
const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    rate: { type: "string", default: "200" },
    java: { type: "string", default: "java" },
    known: { type: "boolean", default: false },
    first: { type: "boolean", default: false },
  },
});
const [pairs, rate] = [Math.min(20, Number(values.pairs)), Number(values.rate)];
const HOSTS = 3;
const PHASES = ["unpack", "settle", "stop", "start", "health", "upstream", "record", "hand on"];
/** `[ 14.2 s] app-1    record    later starts will be faster` */
const LINE = /^\[ *([\d.]+) s\] \S+ +(\w+) +(.*)/;

const jars = [
  await identifyJar(await buildMarket({ version: "1.0.0" })),
  await identifyJar(await buildMarket({ version: "1.1.0" })),
] as const;
const fleet = await LocalFleet.create(HOSTS);
let rolls = 0;
try {
  await roll(undefined);
  if (!values.first) await roll("auto");
  const ratios: number[] = [];
  printRow(["cache", "sent", "lost", "all", ...PHASES, "ratio"]);
  for (let pair = 1; pair <= pairs; pair++) {
    const without = await measure(undefined);
    if (values.first) await forgetClasses();
    ratios.push((await measure("auto", without)) / without);
  }
  console.log(`median ratio ${median(ratios).toFixed(2)}`);
} finally {
  await fleet.remove();
}

/** Prints a roll, and its ratio to one `without`; returns its seconds. */
async function measure(startupCache: "auto" | undefined, without?: number): Promise<number> {
  const work = () => roll(startupCache);
  const { result, seen } =
    rate > 0 ? await fleet.underLoad(work, 0, rate) : { result: await work(), seen: { sent: 0, lost: [] } };
  const { seconds, lines, warnings } = result;
  const spent = secondsOf(lines);
  const ratio = without === undefined ? "" : (seconds / without).toFixed(2);
  const phases = PHASES.map((phase) => (spent.get(phase) ?? 0).toFixed(1));
  printRow([startupCache ?? "off", seen.sent, seen.lost.length, seconds.toFixed(1), ...phases, ratio]);
  for (const each of [...seen.lost, ...warnings]) console.log(each);
  return seconds;
}

async function roll(startupCache: "auto" | undefined) {
  const number = values.known ? Number(startupCache !== undefined) : ++rolls;
  const jar = { ...jars[number % 2 === 0 ? 0 : 1], version: `1.0.${number}` };
  const { failure, lines, result } = await fleet.rollHere(jar, () => {}, {
    // The JVM's own compilers: with the quick one alone, there is less to gain.
    launch: { java: values.java, jvmOptions: [] },
    health: { deadlineSeconds: 120 },
    ...(startupCache && { startupCache }),
  });
  if (!result) throw new Error(failure);
  return { lines, seconds: result.durationSeconds, warnings: result.warnings };
}

async function forgetClasses(): Promise<void> {
  for (const { directory } of fleet.hosts) {
    const folder = join(directory, "dependencies");
    const files = await readdir(folder, { recursive: true }).catch(() => []);
    for (const file of files) if (file.includes(".jsa")) await rm(join(folder, file));
  }
}

/** What each phase took, all hosts together: they are rolled one after the other, so a line ends what the last one began. */
function secondsOf(lines: readonly string[]): Map<string, number> {
  const spent = new Map<string, number>();
  let before = 0;
  for (const line of lines) {
    const [, elapsed = "0", word = "", message = ""] = LINE.exec(line) ?? [];
    const phase = message.startsWith("unpacked") ? "unpack" : message.startsWith("got ") ? "hand on" : word;
    spent.set(phase, (spent.get(phase) ?? 0) + Number(elapsed) - before);
    before = Number(elapsed);
  }
  return spent;
}
