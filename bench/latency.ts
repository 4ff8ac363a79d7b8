import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import { LocalFleet } from "../harness/localFleet.ts";
import type { RollSettings } from "../harness/realFleet.ts";
import { buildMarket } from "../tools/buildMarket.ts";
import { printRow } from "./printRow.ts";

/**
 * Rolls a single host start-first under 200 requests a second and prints the 99th percentile of `GET /hello` in the ten
 * seconds before the roll and during it, with a warm-up and without. Each slot has a processor of its own, so that the
 * start of one JVM doesn't slow the other one down. `npm run bench:latency -- --rolls 5`
 */
const { values } = parseArgs({ options: { rolls: { type: "string", default: "5" } } });
const rolls = Math.min(20, Number(values.rolls));
const CALM_SECONDS = 10;
const SOAK_SECONDS = 5;
const WARM_UP = { paths: ["/hello", "/slow?ms=0"], requests: 2000, seconds: 10 };

const jars = [
  await identifyJar(await buildMarket({ version: "1.0.0" })),
  await identifyJar(await buildMarket({ version: "1.1.0" })),
] as const;
const fleet = await LocalFleet.create(1, undefined, { second: true });
const java = join(fleet.directory, "java-of-slot");
const pin =
  '#!/bin/sh\ncase "$*" in *-Drollgate.slot=*) cpu=1 ;; *) cpu=0 ;; esac\nexec taskset -c $cpu java "$@"\n';
await writeFile(java, pin, { mode: 0o755 });
const launch = { java, jvmOptions: [] };
try {
  await must(jars[0], { launch });
  console.log("warm-up   sent   lost   p99 before  p99 during  ratio");
  for (let index = 1; index <= rolls * 2; index++) {
    const warmUp = index % 2 === 1 ? WARM_UP : undefined;
    const jar = index % 2 === 1 ? jars[1] : jars[0];
    const settings = { order: "start-first", launch, ...(warmUp && { warmUp }) } as const;
    const { result: began, seen } = await fleet.underLoad(async () => {
      await sleep(CALM_SECONDS * 1000);
      const began = fleet.loadSeconds;
      await must(jar, settings);
      return began;
    });
    const of = (during: boolean) =>
      percentile(seen.quick.filter(({ atSeconds }) => atSeconds > began === during && atSeconds > 1));
    const [before, during] = [of(false), of(true)];
    printRow([warmUp ? "with   " : "without", seen.sent, seen.lost.length, before, during, during / before]);
  }
} finally {
  await fleet.remove();
}

/** In a process of its own, so that the roll doesn't slow the clients down. */
async function must({ path }: Jar, settings: RollSettings): Promise<void> {
  const timing = { soakSeconds: SOAK_SECONDS };
  const { code, output } = await fleet.roll({ jar: path, timing, ...settings });
  if (code !== 0) throw new Error(output);
}

function percentile(answers: readonly { readonly milliseconds: number }[]): number {
  const sorted = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}
