import { digits } from "../common/digits.ts";
import { plainLine } from "../common/plainLine.ts";
import { historyEntry } from "../record/history.ts";
import type { KeptRoll } from "../record/recordFolder.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import type { NotifyEvent } from "../request/notify.ts";

/** What happened, on one line: `prod: rolled from 1.0.0-3c886d759f66 to 1.1.0-6d2d32897cfb in 24.1 s`. */
export function textOf(event: NotifyEvent, roll: KeptRoll, detail = ""): string {
  const { stack = "rollgate", owner, outcome, durationSeconds, failure } = roll.record;
  const { from, to, requests, lost } = historyEntry(roll);
  const took = durationSeconds === undefined ? "" : `${durationSeconds.toFixed(1)} s`;
  const before = from === undefined ? "" : `from ${from} `;
  const counted = requests ? `; ${digits(requests)} requests, ${digits(lost ?? 0)} lost` : "";
  const said = {
    start: from === to ? `${owner} is restarting ${to}` : `${owner} is rolling ${before}to ${to}`,
    success:
      from === to ? `restarted ${to} in ${took}${counted}` : `rolled ${before}to ${to} in ${took}${counted}`,
    failure:
      outcome === "killed"
        ? `the roll to ${to} by ${owner} was killed${lastStepOf(roll.record)}`
        : `the roll to ${to} failed after ${took}${counted}: ${failure?.message ?? ""}`,
    rollback: `the roll to ${to} goes back: ${detail}`,
  };
  return plainLine(`${stack}: ${said[event]}`.replaceAll(/\s+/g, " "));
}

/** `; its last step was app-1 start: 1.1.0-6d2d32897cfb at app-1_b`. */
function lastStepOf({ reports }: RollRecord): string {
  const last = reports.at(-1);
  return last
    ? `; its last step was ${[last.host, last.phase].filter(Boolean).join(" ")}: ${last.message}`
    : "";
}

/** The body for Slack and what understands the same; https://api.slack.com/reference/surfaces/formatting#escaping */
export function slackBody(event: NotifyEvent, roll: KeptRoll, detail?: string): object {
  const text = textOf(event, roll, detail);
  return { text: text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") };
}

/** The body with the facts of the record, without its steps, nginx's seconds and paths of clients. */
export function jsonBody(event: NotifyEvent, roll: KeptRoll, detail?: string): object {
  const { reports: _, ledger: __, paths: ___, ...facts } = roll.record;
  const { requests, lost, report } = historyEntry(roll);
  return {
    event,
    text: textOf(event, roll, detail),
    ...facts,
    ...(requests !== undefined && { requests, lost }),
    ...(report !== undefined && { report }),
  };
}
