import type { RollRecord } from "../record/rollRecord.ts";
import type { Report } from "../roll/reporter.ts";
import { type Key, legend } from "./chart.ts";
import { inTime } from "./figuresInWords.ts";
import { FATES, type HostProgress } from "./hostProgress.ts";
import { type Html, html } from "./html.ts";
import { familyOf, type PhaseFamily } from "./phaseFamily.ts";
import type { ReleaseNames } from "./releaseNames.ts";
import { fleetSpans, type Span } from "./spans.ts";
import { percentAt, type TimeAxis } from "./timeAxis.ts";
import { admissions } from "./timeGuides.ts";

/** From this many hosts on, rows are low and bars have no labels. */
const MANY_HOSTS = 17;
/** Phases that follow each other may seem to overlap a little, by how they are measured. */
const TOGETHER_SECONDS = 0.01;
const MARKED = ["restore", "rollback", "warning", "reconnect", "nginx"];
const FAMILY_NAMES: Readonly<Record<PhaseFamily, string>> = {
  prepare: "prepare",
  wait: "wait",
  leave: "drain, settle",
  replace: "stop, switch, start",
  gate: "gates: health, upstream, warm-up, hooks",
  serve: "admit, soak",
  back: "way back",
};

/** A row for the fleet and one for each host, with a bar for each phase. */
export function timeline(
  { reports }: RollRecord,
  hosts: readonly HostProgress[],
  axis: TimeAxis,
  names: ReleaseNames,
): Html {
  const fleet = { reports: reports.filter(({ host }) => host === undefined), spans: fleetSpans(reports) };
  const used = new Set(
    [...fleet.spans, ...hosts.flatMap(({ spans }) => spans)].map(({ phase }) => familyOf(phase)),
  );
  if (hosts.some(({ fate }) => fate === "back")) used.add("back");
  const keys: Key[] = (Object.keys(FAMILY_NAMES) as PhaseFamily[])
    .filter((family) => used.has(family))
    .map((family) => ({ className: family, name: FAMILY_NAMES[family] }));
  if (admissions(hosts).length > 0) keys.push({ className: "admitted", name: "takes traffic" });
  const many = hosts.length >= MANY_HOSTS;
  const changes = hosts.map((host) => changeOf(host, names));
  const areAlike = new Set(changes).size < 2;
  return html`
<div class="timeline${many && " many"}">
  ${row(html`<b>fleet</b>`, fleet, axis)}
  ${hosts.map((host, index) => row(hostName(host, areAlike ? "" : (changes[index] ?? "")), host, axis))}
</div>
${legend(keys)}`;
}

/** `1.0.0 → 1.1.0`. */
function changeOf({ from, to }: HostProgress, names: ReleaseNames): string {
  const releases = [from, from === to ? undefined : to];
  return releases.flatMap((release) => (release ? names(release) : [])).join(" → ");
}

function hostName({ name, fate }: HostProgress, change: string): Html {
  return html`<b><i class="fate ${fate}" title="${FATES[fate]}"></i>${name}</b>${change !== "" && html`<small>${change}</small>`}`;
}

function row(
  name: Html,
  { reports, spans }: { readonly reports: readonly Report[]; readonly spans: readonly Span[] },
  axis: TimeAxis,
): Html {
  const bars = spans.map((span) => bar(span, isBeside(span, spans), axis));
  const marks = reports.filter(({ phase }) => MARKED.includes(phase)).map((report) => mark(report, axis));
  return html`
  <div class="row"><div class="name">${name}</div><div class="lane">${bars}${marks}</div></div>`;
}

/** Whether a longer phase goes on at the same time: hosts that start first settle while they soak. */
function isBeside({ from, to }: Span, spans: readonly Span[]): boolean {
  return spans.some((other) => {
    const common = Math.min(to, other.to) - Math.max(from, other.from);
    return common > TOGETHER_SECONDS && other.to - other.from > to - from;
  });
}

function bar(span: Span, isAside: boolean, axis: TimeAxis): Html {
  const { phase, from, to, message, isUnfinished, isWayBack } = span;
  const [left, right] = [percentAt(axis, from), percentAt(axis, to)];
  const classes = [
    "bar",
    familyOf(phase),
    isAside && "beside",
    isUnfinished && "unfinished",
    isWayBack && "way-back",
  ];
  const took = `${phase}, ${inTime(to - from)}${isUnfinished ? ", did not end well" : ""}`;
  const hint = `${took}\nfrom ${inTime(from)} to ${inTime(to)} after the beginning\n${message}`;
  const width = Math.round(1000 * (right - left)) / 1000;
  return html`<span class="${classes.filter(Boolean).join(" ")}" style="left:${left}%;width:${width}%" title="${hint}"><b>${phase}</b></span>`;
}

function mark({ phase, elapsedSeconds, message }: Report, axis: TimeAxis): Html {
  const hint = `${phase}, ${inTime(elapsedSeconds)} after the beginning\n${message}`;
  return html`<span class="mark ${familyOf(phase)}" style="left:${percentAt(axis, elapsedSeconds)}%" title="${hint}"></span>`;
}
