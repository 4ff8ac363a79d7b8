import { counted } from "../common/counted.ts";
import type { RollOutcome, RollRecord } from "../record/rollRecord.ts";
import { inTime } from "./figuresInWords.ts";
import { type Html, html } from "./html.ts";
import type { ReleaseNames } from "./releaseNames.ts";
import type { Sums } from "./sumUp.ts";
import { utcDateAndTime } from "./utc.ts";

/** The length of `2026-11-27`. */
const DATE = 10;
const BADGES: Readonly<Record<RollOutcome, string>> = {
  succeeded: "✓ Succeeded",
  failed: "✕ Failed",
  killed: "■ Killed",
  rolling: "… Under way",
};

const HOW: Readonly<Record<RollOutcome, string>> = {
  succeeded: "",
  failed: " failed",
  killed: " was killed",
  rolling: " is under way",
};

/** How a roll ended, what it was about, when, and who began it. */
export function headline(record: RollRecord, sums: Sums | undefined, names: ReleaseNames): Html {
  const { stack, owner, commit, outcome } = record;
  const facts: readonly (readonly [string, string | false | undefined])[] = [
    ["stack", stack],
    ["when", whenInWords(record)],
    ["by", owner],
    ["release", (record.canary ?? record).release],
    ["commit", commit],
  ];
  return html`
<header>
  <p class="badge ${outcome}">${Object.hasOwn(BADGES, outcome) ? BADGES[outcome] : outcome}</p>
  <h1>${inOneSentence(record, sums, names)}</h1>
  <dl class="facts">${facts.map(([name, value]) => value && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

/** `1.0.0 → 1.1.0 on 2 hosts in 24.1 s, no request lost`. */
export function inOneSentence(record: RollRecord, sums: Sums | undefined, names: ReleaseNames): string {
  const { outcome, durationSeconds: seconds } = record;
  const took = seconds === undefined ? "" : ` ${outcome === "failed" ? "after" : "in"} ${inTime(seconds)}`;
  const how = Object.hasOwn(HOW, outcome) ? HOW[outcome] : "";
  return `${whatWhere(record, names)}${how}${took}${lostInWords(sums)}`;
}

/** `2026-11-27 04:15:12 to 04:15:37 UTC`, with the second date if it is another one. */
function whenInWords({ began: text, durationSeconds }: RollRecord): string {
  const began = Date.parse(text);
  if (Number.isNaN(began)) return text;
  const [from, to] = [utcDateAndTime(began), utcDateAndTime(began + (durationSeconds ?? 0) * 1000)];
  if (durationSeconds === undefined) return from;
  const isSameDay = from.slice(0, DATE) === to.slice(0, DATE);
  return `${from.replace(/ UTC$/, "")} to ${isSameDay ? to.slice(DATE + 1) : to}`;
}

function whatWhere({ hosts, release, canary }: RollRecord, names: ReleaseNames): string {
  const where = (some: readonly unknown[]) => (some.length > 0 ? ` on ${counted(some.length, "host")}` : "");
  if (canary) {
    const rest = hosts.filter(({ name }) => !canary.hosts.includes(name));
    const others = rest.length > 0 ? `, ${names(release)}${where(rest)}` : "";
    return `Canary ${names(canary.release)} on ${inList(canary.hosts)}${others}`;
  }
  const before = [...new Set(hosts.flatMap(({ from, to }) => (from && from !== to ? names(from) : [])))];
  const from = before.length > 0 ? `${inList(before)} → ` : "";
  return `${from}${names(release)}${where(hosts)}`;
}

function lostInWords(sums: Sums | undefined): string {
  if (!sums || sums.during.requests === 0) return "";
  const { lost } = sums.during;
  return lost === 0 ? ", no request lost" : `, ${counted(lost, "request")} lost`;
}

function inList(items: readonly string[]): string {
  return new Intl.ListFormat("en").format(items);
}
