import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { messageOf } from "#rollout/common/errors.ts";
import { type Answered, Traffic } from "../harness/traffic.ts";
import { buildMarket } from "../tools/buildMarket.ts";
import { inRepository } from "../tools/inRepository.ts";
import { barChart } from "./charts/barChart.ts";
import { ansible } from "./compare/ansible.ts";
import { ByHand } from "./compare/byHand.ts";
import type { Contender } from "./compare/contender.ts";
import { Rollgate } from "./compare/rollgate.ts";
import { median, percentile } from "./median.ts";

/**
 * Replaces the jar on two servers of this machine by rollgate, by an Ansible playbook and by the script that people write
 * by hand, under the same traffic, and prints what clients and the deployer's processor saw of it.
 * `npm run bench:compare -- --rounds 3 --rate 200 --only ansible --write docs/images`
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    rate: { type: "string", default: "200" },
    only: { type: "string", default: "" },
    write: { type: "string" },
  },
});
const CALM_SECONDS = 10;
const AFTER_SECONDS = 2;

/** What one roll cost. */
interface Cost {
  readonly wall: number;
  readonly sent: number;
  readonly lost: number;
  /** p50 and p99 in milliseconds, before the roll and during it. */
  readonly get: readonly [Latency, Latency];
  readonly post: readonly [Latency, Latency];
  readonly processor: number;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

const CONTENDERS: Readonly<Record<string, () => Promise<Contender>>> = {
  "start-first": () => Rollgate.create("start-first"),
  "stop-first": () => Rollgate.create("stop-first"),
  ansible,
  script: () =>
    ByHand.create("the script by hand", ({ directory, ports }, jar) => {
      const script = join(import.meta.dirname, "compare", "roll-by-hand.sh");
      return [script, jar, directory, ...ports.map(String)];
    }),
};

const jars = [await buildMarket({ version: "1.0.0" }), await buildMarket({ version: "1.1.0" })] as const;
const only = values.only.split(",").filter(Boolean);
const costs = new Map<string, Cost[]>();
for (const [key, create] of Object.entries(CONTENDERS)) {
  if (only.length > 0 && !only.includes(key)) continue;
  const contender = await create();
  try {
    await contender.begin(jars[0]);
    // A JVM that has just started answers slowly.
    await underLoad(contender, () => sleep(CALM_SECONDS * 1000));
    for (let round = 1; round <= Number(values.rounds); round++) {
      const cost = await measure(contender, jars[round % 2] ?? jars[0]);
      costs.set(contender.name, [...(costs.get(contender.name) ?? []), cost]);
      console.log(contender.name, JSON.stringify(cost));
    }
  } catch (error) {
    // The others are worth their time.
    console.error(`${contender.name}: ${messageOf(error)}`);
    process.exitCode = 1;
  } finally {
    await contender.remove();
  }
}
const medians = [...costs].map(([name, each]) => ({ name, lost: lostIn(each), ...medianOf(each) }));
console.log(tableOf(medians));
if (values.write !== undefined) {
  await mkdir(inRepository(values.write), { recursive: true });
  await writeFile(inRepository(values.write, "compare.svg"), chartOf(medians));
}

async function measure(contender: Contender, jar: string): Promise<Cost> {
  let [began, ended, processor] = [0, 0, 0];
  const seen = await underLoad(contender, async (elapsed) => {
    await sleep(CALM_SECONDS * 1000);
    began = elapsed();
    processor = await contender.roll(jar);
    ended = elapsed();
    await sleep(AFTER_SECONDS * 1000);
  });
  const latency = (answers: readonly Answered[]): [Latency, Latency] => {
    const of = (from: number, to: number) => {
      const times = answers
        .filter(({ atSeconds }) => atSeconds >= from && atSeconds < to)
        .map(({ milliseconds }) => milliseconds);
      return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
    };
    return [of(1, began), of(began, ended + AFTER_SECONDS)];
  };
  return {
    wall: ended - began,
    sent: seen.sent,
    lost: seen.lost.length,
    get: latency(seen.quick),
    post: latency(seen.orders),
    processor,
  };
}

async function underLoad({ url }: Contender, work: (elapsed: () => number) => Promise<unknown>) {
  const began = performance.now();
  const traffic = new Traffic(url, Number(values.rate));
  try {
    await work(() => (performance.now() - began) / 1000);
  } catch (error) {
    await traffic.stop();
    throw error;
  }
  return traffic.stop();
}

type Row = Omit<Cost, "lost"> & { readonly name: string; readonly lost: string };

function lostIn(each: readonly Cost[]): string {
  const [lost, sent] = [each.map((cost) => cost.lost), each.map((cost) => cost.sent)];
  const sum = (of: readonly number[]) => of.reduce((total, one) => total + one, 0);
  return `${sum(lost)} of ${sum(sent).toLocaleString("en")}`;
}

function medianOf(each: readonly Cost[]): Omit<Cost, "lost"> {
  const of = (value: (cost: Cost) => number) => median(each.map(value));
  const both = (kind: "get" | "post"): [Latency, Latency] => {
    const at = (index: 0 | 1) => ({
      p50: of((cost) => cost[kind][index].p50),
      p99: of((cost) => cost[kind][index].p99),
    });
    return [at(0), at(1)];
  };
  return {
    wall: of(({ wall }) => wall),
    sent: of(({ sent }) => sent),
    processor: of(({ processor }) => processor),
    get: both("get"),
    post: both("post"),
  };
}

function tableOf(rows: readonly Row[]): string {
  const latency = ([before, during]: readonly [Latency, Latency]) => {
    const pair = ({ p50, p99 }: Latency) => `${p50.toFixed(0)} / ${p99.toFixed(0)}`;
    return `${pair(before)} → ${pair(during)}`;
  };
  const lines = rows.map(
    ({ name, wall, lost, get, post, processor }) =>
      `| ${name} | ${wall.toFixed(1)} s | ${lost} | ${latency(get)} | ${latency(post)} | ${processor.toFixed(1)} s |\n`,
  );
  return `| | wall time | lost requests | GET p50 / p99, before → during (ms) | POST p50 / p99, before → during (ms) | the deployer's processor time |
|---|---|---|---|---|---|
${lines.join("")}`;
}

function chartOf(rows: readonly Row[]): string {
  const bars = (value: (row: Row) => number) => rows.map((row) => ({ label: row.name, value: value(row) }));
  return barChart("A new jar on two servers, under 200 requests a second (medians)", [
    { title: "wall time (s)", digits: 0, bars: bars(({ wall }) => wall) },
    { title: "p99 of GET during the roll (ms)", digits: 0, bars: bars(({ get }) => get[1].p99) },
    { title: "processor time of the deployer (s)", digits: 1, bars: bars(({ processor }) => processor) },
  ]);
}
