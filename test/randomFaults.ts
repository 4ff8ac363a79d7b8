import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { LocalFleet, unexplained } from "../harness/localFleet.ts";
import type { RollSettings } from "../harness/realFleet.ts";
import type { LostRequest } from "../harness/traffic.ts";
import { type Market, market } from "./support/market.ts";
import { FAULTS, PHASES } from "./support/randomFault.ts";

/**
 * Rolls a local fleet back and forth under load; a seeded generator draws the order and the batch of each roll, what goes
 * wrong in it, in which phase and on which host. It ends with a good roll, and exits with 1 unless that brings every host to its release and the
 * only lost requests are those that a killed JVM was answering.
 * `node test/randomFaults.ts --rolls 100 --seed 42 --hosts 3 --minutes 60`
 */
const { values } = parseArgs({
  options: {
    rolls: { type: "string", default: "30" },
    seed: { type: "string", default: String(randomInt(1, 1_000_000)) },
    hosts: { type: "string", default: "3" },
    minutes: { type: "string", default: "20" },
  },
});
const rolls = Math.min(1000, Number(values.rolls));
const endsAt = performance.now() + Math.min(600, Number(values.minutes)) * 60_000;
const random = generator(Number(values.seed));
const settings = {
  health: { deadlineSeconds: 20 },
  timing: { soakSeconds: 1, graceSeconds: 3 },
} satisfies RollSettings;
const ORDERS = ["start-first", "stop-first"] as const;
const BATCHES = [1, 2, "100%"] as const;

console.log(`seed ${values.seed}, ${rolls} rolls over ${values.hosts} hosts`);
const [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
const fleet = await LocalFleet.create(Number(values.hosts), undefined, { second: true });
const problems: string[] = [];
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => fleet.remove().then(() => process.exit(1)));
try {
  await mustReach(old, "the first deployment");
  console.log(
    "roll  order        batch  fault                after     host    exit    sent  lost  unexplained  seconds  hosts run",
  );
  for (let roll = 1; roll <= rolls && performance.now() < endsAt; roll++) await meetFault(roll);
  await mustReach((await fleet.releases())["app-1"] === next.id ? old : next, "the last roll");
} finally {
  await fleet.remove();
}
for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? "nothing unexplained" : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function meetFault(roll: number): Promise<void> {
  const [fault, phase] = [draw(Object.keys(FAULTS)), draw(PHASES)];
  const [order, batch] = [draw(ORDERS), draw(BATCHES)];
  const host = draw(fleet.hosts).name;
  const target = (await fleet.releases())["app-1"] === old.id ? next : old;
  const hit = {
    fleet,
    target,
    phase,
    host,
    settings: { ...settings, order, batch: [batch], jar: target.jar },
  };
  const began = performance.now();
  const { result, seen } = await fleet.underLoad(async () => FAULTS[fault]?.(hit));
  const seconds = (performance.now() - began) / 1000;
  const lost = unexplainedBy(result?.killedAt, seen.lost);
  const releases = Object.values(await fleet.releases());
  const columns = [
    String(roll).padStart(4),
    ` ${order.padEnd(12)}`,
    String(batch).padEnd(6),
    fault.padEnd(20),
    phase.padEnd(9),
    host.padEnd(7),
    String(result?.code ?? "killed").padEnd(6),
    String(seen.sent).padStart(5),
    String(seen.lost.length).padStart(5),
    String(lost.length).padStart(12),
    seconds.toFixed(1).padStart(8),
    ` ${releases.map((release) => release.split("-")[0]).join(" ")}`,
  ];
  console.log(columns.join(" "));
  for (const { request, reason, atSeconds } of lost) {
    problems.push(`roll ${roll}: lost ${request} at ${atSeconds.toFixed(2)} s: ${reason}`);
  }
  if (lost.length > 0) problems.push(result?.output ?? "");
  // A JVM that is killed after the last soak may outlive the roll by a moment.
  const mayBeTooLate = phase === "soak" && /killed/.test(fault);
  if (result?.code === 0 && !mayBeTooLate && releases.some((release) => release !== target.id)) {
    problems.push(`roll ${roll} said that it succeeded, but the hosts run ${releases.join(", ")}`);
  }
}

async function mustReach(target: Market, what: string): Promise<void> {
  const { result, seen } = await fleet.underLoad(() => fleet.roll({ ...settings, jar: target.jar }));
  const releases = Object.values(await fleet.releases());
  console.log(
    `${what}: exit ${result.code}, ${seen.lost.length} of ${seen.sent} lost, ${releases.join(" ")}`,
  );
  const first = what === "the first deployment";
  if (result.code !== 0) problems.push(`${what} failed:\n${result.output}`);
  if (releases.some((release) => release !== target.id)) problems.push(`${what} did not reach ${target.id}`);
  if (!first && seen.lost.length > 0) problems.push(`${what} lost ${seen.lost.length} requests`);
}

function unexplainedBy(
  killedAt: number | readonly number[] = [],
  lost: readonly LostRequest[],
): readonly LostRequest[] {
  return [killedAt].flat().reduce((left: readonly LostRequest[], at) => unexplained(left, at), lost);
}

function draw<T>(from: readonly T[]): T {
  const [first] = from;
  const drawn = from[Math.floor(random() * from.length)] ?? first;
  if (drawn === undefined) throw new Error("there is nothing to draw from");
  return drawn;
}

/** Mulberry32: small, and the same on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
