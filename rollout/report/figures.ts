import { counted } from "../common/counted.ts";
import { describeProbes } from "../ledger/describeLedger.ts";
import { FEWEST_BEFORE } from "../ledger/figures.ts";
import type { Tally } from "../ledger/tally.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import { inDigits, inMilliseconds, inPercent, inTime } from "./figuresInWords.ts";
import { type Content, type Html, html } from "./html.ts";
import type { ReleaseNames } from "./releaseNames.ts";
import type { Sums } from "./sumUp.ts";

/** The figures of a roll that people ask for first. */
export function figures(record: RollRecord, sums: Sums | undefined, names: ReleaseNames): Html {
  const { durationSeconds, hosts, reports, outcome } = record;
  const least = reports.reduce((most, { elapsedSeconds }) => Math.max(most, elapsedSeconds), 0);
  const long =
    durationSeconds === undefined
      ? figure("Duration", `≥ ${inTime(least)}`, { remark: "until its last step" })
      : figure("Duration", inTime(durationSeconds), { remark: counted(hosts.length, "host") });
  if (!sums) {
    const isKnown = record.ledger !== undefined || outcome === "succeeded" || outcome === "failed";
    const nothing = record.probes
      ? `nginx counted no requests of clients, but ${describeProbes(record.probes)}.`
      : isKnown
        ? "nginx counted no requests."
        : "What nginx counted was not read.";
    return html`<section class="figures">${long}<p class="nothing">${nothing}</p></section>`;
  }
  const { during, before, byRelease } = sums;
  const earlier = (milliseconds: number | undefined) =>
    before.requests < FEWEST_BEFORE ? "too few before it" : `before: ${inMilliseconds(milliseconds)}`;
  const errors = byRelease
    .filter(({ tally }) => tally.errors > 0)
    .map(({ release, tally: { errors, requests } }) => {
      return `${names(release)}: ${inDigits(errors)} (${inPercent(errors, requests)})`;
    });
  return html`
<section class="figures">
  ${figure("Requests", inDigits(during.requests), { remark: `before: ${inDigits(before.requests)}${probed(record)}` })}
  ${figure("Lost", inDigits(during.lost), {
    mood: during.lost > 0 ? "bad" : during.requests > 0 && "good",
    remark: during.lost > 0 ? inPercent(during.lost, during.requests) : "all were answered",
  })}
  ${figure("Errors", inDigits(during.errors), {
    mood: during.errors > 0 && "doubtful",
    remark: during.errors > 0 ? errors.join(", ") : "no 5xx answers",
  })}
  ${figure("p50", inMilliseconds(during.p50), { remark: earlier(before.p50) })}
  ${figure("p99", inMilliseconds(during.p99), { remark: earlier(before.p99) })}
  ${long}
</section>`;
}

/** The roll's own requests are in no other figure. */
function probed({ probes }: RollRecord): string {
  return probes ? `, and ${describeProbes(probes)}` : "";
}

/** The same, for each release and for the time before. */
export function comparison(sums: Sums, names: ReleaseNames, colours: ReadonlyMap<string, string>): Html {
  const rows = [
    line("before hosts changed", sums.before),
    ...sums.byRelease.map(({ release, tally }) =>
      line(html`<i class="key ${colours.get(release)}"></i>${names(release)} since then`, tally),
    ),
    sums.others.requests > 0 && line("no slot, or an unknown release", sums.others),
  ];
  return html`
<section>
  <h2>By release</h2>
  <div class="scroll"><table class="numbers">
    <thead><tr><th></th><th>requests</th><th>lost</th><th>errors</th><th>share</th><th>p50</th><th>p99</th><th>cut short</th><th>tried twice</th></tr></thead>
    <tbody>${rows}</tbody>
  </table></div>
</section>`;
}

function line(name: Content, tally: Tally): Html {
  const { requests, lost, errors, p50, p99, cut, retries } = tally;
  const values = [
    inDigits(requests),
    inDigits(lost),
    inDigits(errors),
    inPercent(errors, requests),
    inMilliseconds(p50),
    inMilliseconds(p99),
    inDigits(cut),
    inDigits(retries),
  ];
  return html`<tr><th scope="row">${name}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`;
}

function figure(
  name: string,
  value: string,
  { remark, mood }: { readonly remark: string; readonly mood?: string | false },
): Html {
  return html`<div class="figure${mood && ` ${mood}`}"><h2>${name}</h2><p>${value}</p><small>${remark}</small></div>`;
}
