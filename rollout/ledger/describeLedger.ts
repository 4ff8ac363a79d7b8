import { counted } from "../common/counted.ts";
import { digits } from "../common/digits.ts";
import { figuresOf, type ProbeFigures } from "./figures.ts";
import type { LedgerRow } from "./ledgerSums.ts";
import { tally } from "./tally.ts";

/** `48,112 requests, 0 lost (no 502/503/504 from nginx, no upstream error), p99 62 ms (before: 58 ms)`. */
export function describeLedger(
  rows: readonly LedgerRow[],
  since: number,
  probeRows: readonly LedgerRow[] = [],
): string {
  const figures = figuresOf(rows, since, probeRows);
  const { requests, lost, cut, retries, p99Milliseconds, p99BeforeMilliseconds, probes } = figures;
  const probed = probes ? [`+ ${describeProbes(probes)}`] : [];
  if (requests === 0) return ["no requests during the roll", ...probed].join(" ");
  const before = p99BeforeMilliseconds === undefined ? "" : ` (before: ${digits(p99BeforeMilliseconds)} ms)`;
  return [
    counted(requests, "request"),
    `${digits(lost)} lost (${losses(lost, retries)})`,
    cut > 0 && `${digits(cut)} cut short, by the client or the application`,
    ...errorsByRelease(rows.filter((row) => row.second >= since)),
    p99Milliseconds !== undefined && `p99 ${digits(p99Milliseconds)} ms${before}`,
    ...probed,
  ]
    .filter(Boolean)
    .join(", ");
}

/** `312 probe requests, 0 lost`. */
export function describeProbes({ requests, lost, errors }: ProbeFigures): string {
  const failed = errors === 0 ? "" : `, ${counted(errors, "error")}`;
  return `${counted(requests, "probe request")}, ${digits(lost)} lost${failed}`;
}

function losses(lost: number, retries: number): string {
  const retried =
    retries === 0 ? "no upstream error" : `${counted(retries, "retry", "retries")} on another host`;
  return lost === 0 ? `no 502/503/504 from nginx, ${retried}` : `502/503/504 from nginx, ${retried}`;
}

/** The application's own; which release it was matters most. */
function errorsByRelease(rows: readonly LedgerRow[]): string[] {
  const releases = [...new Set(rows.map(({ release }) => release))];
  return releases.flatMap((release) => {
    const { errors } = tally(rows.filter((row) => row.release === release));
    return errors === 0 ? [] : [`${counted(errors, "error")} from ${release ?? "the application"}`];
  });
}
