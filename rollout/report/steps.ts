import { counted } from "../common/counted.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import type { Report } from "../roll/reporter.ts";
import { inTime } from "./figuresInWords.ts";
import { FATES, type HostProgress } from "./hostProgress.ts";
import { type Content, type Html, html } from "./html.ts";
import { familyOf } from "./phaseFamily.ts";

/** A fleet of so few hosts is shown with all its steps at once. */
const FEW_HOSTS = 2;

/** Every step and what it saw: those of the fleet, of each host, and all in their order. */
export function steps(record: RollRecord, hosts: readonly HostProgress[]): Html {
  const fleet = record.reports.filter(({ host }) => host === undefined);
  const told = hosts.filter(({ reports }) => reports.length > 0);
  const isOpen = ({ fate }: HostProgress) =>
    hosts.length <= FEW_HOSTS || fate === "back" || fate === "between";
  return html`
<section class="steps">
  <h2>Steps</h2>
  ${record.reports.length === 0 && html`<p>No step was reported.</p>`}
  ${fleet.length > 0 && group("fleet", counted(fleet.length, "step"), fleet, false)}
  ${told.map((host) => group(title(host), summary(host), host.reports, isOpen(host)))}
  ${record.reports.length > 0 && group("all", "in the order in which they were reported", record.reports, false, true)}
</section>`;
}

function title({ name, fate }: HostProgress): Html {
  return html`<i class="fate ${fate}"></i>${name}`;
}

function summary({ reports, fate }: HostProgress): string {
  const [first, last] = [reports[0], reports.at(-1)];
  const began = first && first.elapsedSeconds - (first.milliseconds ?? 0) / 1000;
  const took = began === undefined || !last ? "" : `, ${inTime(last.elapsedSeconds - began)}`;
  return `${FATES[fate]}, ${counted(reports.length, "step")}${took}`;
}

function group(
  name: Content,
  about: string,
  reports: readonly Report[],
  isOpen: boolean,
  withHosts = false,
): Html {
  return html`
  <details${isOpen && html` open`}>
    <summary><b>${name}</b> <span>${about}</span></summary>
    <table>
      <thead><tr><th class="at">at</th>${withHosts && html`<th>host</th>`}<th>phase</th><th>what it saw</th><th class="took">took</th></tr></thead>
      <tbody>${reports.map((report) => step(report, withHosts))}</tbody>
    </table>
  </details>`;
}

function step({ host, phase, message, elapsedSeconds, milliseconds }: Report, withHost: boolean): Html {
  const took = milliseconds === undefined ? "" : inTime(milliseconds / 1000);
  return html`
        <tr class="${familyOf(phase)}"><td class="at">${inTime(elapsedSeconds)}</td>${withHost && html`<td class="of">${host ?? "fleet"}</td>`}<td class="phase"><i class="key ${familyOf(phase)}"></i>${phase}</td><td class="saw">${message}</td><td class="took">${took}</td></tr>`;
}
