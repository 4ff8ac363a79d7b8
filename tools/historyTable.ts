import { relative } from "node:path";
import { digits } from "#rollout/common/digits.ts";
import { printable } from "#rollout/common/plainLine.ts";
import type { HistoryEntry } from "#rollout/record/history.ts";

const COLUMNS = ["began", "by", "from", "to", "took", "lost", "outcome", "report"];
const NOTHING = "-";

/** The last rolls as lines of a table, newest first; reports are shown relative to a folder. */
export function historyTable(entries: readonly HistoryEntry[], folder: string): string[] {
  const rows = [COLUMNS, ...entries.map((entry) => cellsOf(entry, folder))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function cellsOf(entry: HistoryEntry, folder: string): string[] {
  const { began, owner, from, to, seconds, outcome, report } = entry;
  const cells = [
    localTime(began),
    // The process matters only as long as it runs.
    outcome === "rolling" ? owner : owner.replace(/ \(pid \d+\)$/, ""),
    from ?? NOTHING,
    to,
    seconds === undefined ? NOTHING : `${seconds.toFixed(1)} s`,
    lostOf(entry),
    outcome,
    report === undefined ? NOTHING : relative(folder, report),
  ];
  return cells.map(printable);
}

function lostOf({ requests, lost }: HistoryEntry): string {
  if (requests === undefined || lost === undefined) return NOTHING;
  return `${digits(lost)} of ${digits(requests)}`;
}

/** `2026-11-27 04:15:12`, by this machine's clock. */
function localTime(began: string): string {
  const time = new Date(began);
  return Number.isNaN(time.getTime()) ? began : time.toLocaleString("sv");
}
