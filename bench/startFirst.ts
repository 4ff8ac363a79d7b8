import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import { LocalFleet } from "../harness/localFleet.ts";
import { buildMarket } from "../tools/buildMarket.ts";

/**
 * What start-first costs and saves, with real JVMs on this machine.
 *
 * `batches`: three hosts, all in one batch: the wall time of a roll relative to the slowest start of a host with its
 * neighbours starting beside it, plus the soak; and the same hosts stop-first, one after the other.
 *
 * `latency`: a single host at 200 requests a second: the 99th percentile of `GET /hello` in the ten seconds before a
 * roll and during it, with and without a warm-up. Each slot has a processor of its own, so that the start of one JVM
 * doesn't slow the other one down.
 *
 * `npm run bench:start-first -- --rolls 5 --part latency`
 */
const { values } = parseArgs({
  options: { rolls: { type: "string", default: "5" }, part: { type: "string", default: "both" } },
});
const rolls = Math.min(20, Number(values.rolls));
const CALM_SECONDS = 10;
const SOAK_SECONDS = 2;
const WARM_UP = { paths: ["/hello", "/hello?name=rollgate"], requests: 2000, seconds: 10 };

const jars = [
  await identifyJar(await buildMarket({ version: "1.0.0" })),
  await identifyJar(await buildMarket({ version: "1.1.0" })),
] as const;
if (values.part !== "latency") await batches();
if (values.part !== "batches") await latency();

async function batches(): Promise<void> {
  const fleet = await LocalFleet.create(3, undefined, { second: true });
  try {
    await must(fleet, jars[0], {});
    console.log("order        batch   sent   lost   wall s  start+soak s  ratio");
    for (let index = 1; index <= rolls; index++) {
      for (const [order, batch] of [["start-first", "100%"] as const, ["stop-first", 1] as const]) {
        const jar = (await fleet.releases())["app-1"]?.startsWith("1.0.0") ? jars[1] : jars[0];
        const { result, seen } = await fleet.underLoad(() => must(fleet, jar, { order, batch: [batch] }));
        const starts = result.rolled.map(({ times: { start = 0, health = 0 } }) => (start + health) / 1000);
        const needed =
          order === "start-first"
            ? Math.max(...starts) + SOAK_SECONDS
            : starts.reduce((sum, start) => sum + start + SOAK_SECONDS, 0);
        const wall = result.durationSeconds;
        print([
          order.padEnd(12),
          String(batch).padEnd(5),
          seen.sent,
          seen.lost.length,
          wall,
          needed,
          wall / needed,
        ]);
      }
    }
  } finally {
    await fleet.remove();
  }
}

async function latency(): Promise<void> {
  const fleet = await LocalFleet.create(1, undefined, { second: true });
  const java = join(fleet.directory, "java-of-slot");
  const pin =
    '#!/bin/sh\ncase "$*" in *-Drollgate.slot=*) cpu=1 ;; *) cpu=0 ;; esac\nexec taskset -c $cpu java "$@"\n';
  await writeFile(java, pin, { mode: 0o755 });
  try {
    await must(fleet, jars[0], { launch: { java } });
    console.log("warm-up   sent   lost   p99 before  p99 during  ratio");
    for (let index = 1; index <= rolls * 2; index++) {
      const warmUp = index % 2 === 1 ? WARM_UP : undefined;
      const jar = index % 2 === 1 ? jars[1] : jars[0];
      const settings = { order: "start-first", launch: { java }, ...(warmUp && { warmUp }) } as const;
      const { result: began, seen } = await fleet.underLoad(async () => {
        await sleep(CALM_SECONDS * 1000);
        const began = fleet.loadSeconds;
        await must(fleet, jar, settings);
        return began;
      });
      const of = (during: boolean) =>
        percentile(seen.quick.filter(({ atSeconds }) => atSeconds > began === during && atSeconds > 1));
      const [before, during] = [of(false), of(true)];
      print([warmUp ? "with   " : "without", seen.sent, seen.lost.length, before, during, during / before]);
    }
  } finally {
    await fleet.remove();
  }
}

async function must(fleet: LocalFleet, jar: Jar, settings: Parameters<LocalFleet["rollHere"]>[2]) {
  const timing = { soakSeconds: SOAK_SECONDS };
  const { result, failure } = await fleet.rollHere(jar, undefined, { timing, ...settings });
  if (!result) throw new Error(failure);
  return result;
}

function percentile(answers: readonly { readonly milliseconds: number }[]): number {
  const sorted = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

function print(columns: readonly (string | number)[]): void {
  const cells = columns.map((cell) =>
    typeof cell === "string" ? cell : Number.isInteger(cell) ? cell : cell.toFixed(2),
  );
  console.log(cells.map((cell) => String(cell).padStart(7)).join(" "));
}
