import type { RollRecord } from "../record/rollRecord.ts";
import { inTime } from "./figuresInWords.ts";
import { type Html, html } from "./html.ts";

const COMPLAINT = /\b(ERROR|FATAL|SEVERE)\b|^\s*Caused by: |Exception\b|FAILED TO START/;
/** After it, a failed roll's message says what each host runs. */
const NOW = " Now: ";

/** Why a roll failed, or where it was killed; nothing for one that succeeded. */
export function verdict(record: RollRecord): Html | undefined {
  const { outcome, failure } = record;
  if (failure) return failed(failure);
  if (outcome === "failed")
    return html`<section class="verdict failed"><h2>It failed</h2><p>The record does not say why.</p></section>`;
  return outcome === "killed" ? killed(record) : undefined;
}

function failed({ message, evidence }: NonNullable<RollRecord["failure"]>): Html {
  const now = message.lastIndexOf(NOW);
  const why = now < 0 ? message : message.slice(0, now);
  const states =
    now < 0
      ? []
      : message
          .slice(now + NOW.length)
          .replace(/\.$/, "")
          .split("; ");
  const lines = evidence.map((line) =>
    COMPLAINT.test(line) ? html`<b>${line}</b>` : html`<span>${line}</span>`,
  );
  return html`
<section class="verdict failed">
  <h2>Why it failed</h2>
  <p>${why}</p>
  ${states.length > 0 && html`<h3>What the hosts ran then</h3><ul class="states">${states.map((state) => html`<li>${state}</li>`)}</ul>`}
  ${evidence.length > 0 && html`<h3>What the application logged</h3><pre class="log">${lines}</pre>`}
</section>`;
}

function killed({ reports }: RollRecord): Html {
  const last = reports.at(-1);
  const step = last
    ? html`Its last step was <b>${last.phase}</b> of ${last.host ?? "the fleet"}, ${inTime(last.elapsedSeconds)} after the beginning: ${last.message}.`
    : "It had not taken a step yet.";
  return html`
<section class="verdict killed">
  <h2>Where it was killed</h2>
  <p>The deployer ended without recording an outcome. ${step} The hosts keep running what they ran at that moment, and the next <code>up</code> continues from there.</p>
</section>`;
}
