import { isLarge } from "./largeFleet.ts";
import type { Phase, Reporter } from "./reporter.ts";

/** What every host passes through if all goes well. */
const ROUTINE: ReadonlySet<Phase> = new Set([
  "order",
  "drain",
  "settle",
  "stop",
  "switch",
  "start",
  "health",
  "upstream",
  "warm-up",
  "record",
  "admit",
  "soak",
  "done",
]);

/**
 * For people who read along: of a large fleet, batches are told, and not each phase of each host. What is unusual, such as
 * a way back, is told of every host.
 */
export function condensed(reporter: Reporter, hosts: number): Reporter {
  if (!isLarge(hosts)) return reporter;
  return (report) => {
    if (report.host === undefined || !ROUTINE.has(report.phase)) reporter(report);
  };
}
