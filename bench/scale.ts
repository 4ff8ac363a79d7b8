import { parseArgs } from "node:util";
import { condensed } from "#rollout/roll/condensed.ts";
import type { Report } from "#rollout/roll/reporter.ts";
import { formatReport } from "#rollout/roll/reporter.ts";
import { roll } from "#rollout/roll/roll.ts";
import { SimulatedFleet } from "../harness/simulatedFleet.ts";
import { printRow } from "./printRow.ts";

/**
 * What a roll of a large fleet costs the deployer itself: hosts are in memory and do everything at once, so that the wall
 * time beyond what the policy waits for is the engine's. `npm run bench:scale -- --hosts 1000 --batch 1% --rolls 5`
 */
const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "1000" },
    batch: { type: "string", default: "1%" },
    rolls: { type: "string", default: "5" },
    log: { type: "boolean", default: false },
  },
});
const size = Number(values.hosts);
const SETTLE_MILLISECONDS = 50;
const health = {
  path: "/",
  passes: 1,
  intervalMilliseconds: 10,
  timeoutMilliseconds: 1000,
  deadlineSeconds: 10,
};
const timing = {
  settleSeconds: 10,
  graceSeconds: 10,
  soakSeconds: 0,
  rollDeadlineSeconds: 3600,
  leaseWaitSeconds: 0,
  slowestRequestSeconds: 0,
  shutdownPhaseSeconds: 0,
};

printRow(["hosts", "batch", "wall s", "wait s", "ms/host", "cpu s", "MB", "lines", "looks"]);
const fleet = new SimulatedFleet(size, "1.0.0");
for (let index = 1; index <= Number(values.rolls); index++) await measure(`1.${index}.0`);

async function measure(release: string): Promise<void> {
  let lines = 0;
  let batches = 0;
  const before = fleet.looks;
  const reporter = condensed((report: Report) => {
    lines++;
    if (values.log) console.log(formatReport(report));
    if (report.phase === "batch" && report.message.includes(" done in ")) batches++;
  }, size);
  const policy = {
    ...{ health, timing, keepReleases: 3, onFailure: "rollback" as const, order: "stop-first" as const },
    ...{ batch: [/%$/.test(values.batch) ? values.batch : Number(values.batch)] },
    minimumHealthy: Math.floor(size / 2),
  } as const;
  const processor = process.cpuUsage();
  const result = await roll(fleet, { release, jar: { path: "", version: release, sha256: "" } }, policy, {
    owner: "bench",
    reporter,
    signal: new AbortController().signal,
    leaseTiming: { heartbeatMilliseconds: 2_000, expiryMilliseconds: 15_000, waitMilliseconds: 0 },
  });
  const { user, system } = process.cpuUsage(processor);
  // Each batch waits a moment for requests that were routed before the drain.
  const waited = (batches * SETTLE_MILLISECONDS) / 1000;
  const engine = ((result.durationSeconds - waited) / size) * 1000;
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  printRow([
    ...[size, values.batch, result.durationSeconds, waited, engine, (user + system) / 1e6],
    ...[megabytes, lines, fleet.looks - before],
  ]);
}
