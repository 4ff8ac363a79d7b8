import { readFileSync } from "node:fs";
import type { RollRecord } from "../record/rollRecord.ts";
import { failedPaths } from "./failedPaths.ts";
import { comparison, figures } from "./figures.ts";
import { headline, inOneSentence } from "./headline.ts";
import { hostsProgress } from "./hostProgress.ts";
import { Html, html } from "./html.ts";
import { releaseNames, releasesOf } from "./releaseNames.ts";
import { settingsTable } from "./settings.ts";
import { steps } from "./steps.ts";
import { changesFrom, sumUp } from "./sumUp.ts";
import { sinceBeginning, timeAxis } from "./timeAxis.ts";
import { guides, times } from "./timeGuides.ts";
import { timeline } from "./timeline.ts";
import { releaseColours, traffic } from "./traffic.ts";
import { utcTime } from "./utc.ts";
import { verdict } from "./verdict.ts";

/** Nothing but the style below is used, should a line of a log ever get past the escaping. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const STYLES = ["colours", "page", "headline", "bars", "timeline", "charts", "tables", "media"];

/** A page about one roll that needs nothing but itself: no script, and no style, font or image from elsewhere. */
export function renderReport(record: RollRecord): string {
  const names = releaseNames(record);
  const sums = sumUp(record, releasesOf(record));
  const axis = timeAxis(record);
  const hosts = hostsProgress(record, axis.to);
  const charts = traffic(record, axis, names);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<link rel="icon" href="data:,">
<title>${inOneSentence(record, sums, names)}</title>
<style>
${STYLES.map(readStyle)}</style>
</head>
<body>
<main>
${headline(record, sums, names)}
${verdict(record)}
${record.warnings.length > 0 && warnings(record.warnings)}
${figures(record, sums, names)}
<section class="panel">
  <h2>Timeline</h2>
  <div class="time">
    ${guides(hosts, axis, changesFrom(record))}
    ${times(axis, "since it began", (tick) => sinceBeginning(axis, tick))}
    ${timeline(record, hosts, axis, names)}
    ${charts}
    ${times(axis, "UTC", (tick) => utcTime(axis.began + tick * 1000))}
  </div>
</section>
${sums && comparison(sums, names, releaseColours(record))}
${failedPaths(record)}
${steps(record, hosts)}
${settingsTable(record.settings)}
<footer>
  <p>All times are in UTC. <b>Lost</b> are requests that nginx itself could not get answered; <b>errors</b> are answers of the application with a status from 500 on. Latencies are right within 8 %. nginx counts whole seconds, by the clock of its machine.</p>
  <p>Roll ${record.id}</p>
</footer>
</main>
</body>
</html>
`;
  return page.text;
}

function warnings(lines: readonly string[]): Html {
  return html`
<section class="verdict warnings">
  <h2>${lines.length === 1 ? "A warning" : `${lines.length} warnings`}</h2>
  <ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>
</section>`;
}

function readStyle(name: string): Html {
  return new Html(readFileSync(new URL(`style/${name}.css`, import.meta.url), "utf8"));
}
