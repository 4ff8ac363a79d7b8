import type { HostProgress } from "./hostProgress.ts";
import { type Html, html } from "./html.ts";
import { percentAt, type TimeAxis } from "./timeAxis.ts";

/** More lines would hide what they are to explain. */
const MOST_ADMISSIONS = 8;

/** Thin lines that go through timeline and charts: the times of the axis, the beginning, and where hosts took traffic. */
export function guides(hosts: readonly HostProgress[], axis: TimeAxis, changesFrom: number): Html {
  const before = percentAt(axis, changesFrom - axis.began / 1000);
  const at = (seconds: number) => html`style="left:${percentAt(axis, seconds)}%"`;
  return html`
<div class="guides" aria-hidden="true">
  ${before > 0 && html`<i class="before" style="width:${before}%"></i>`}
  ${axis.ticks.map((tick) => html`<i ${at(tick)}></i>`)}
  ${admissions(hosts).map((admit) => html`<i class="admitted" ${at(admit)}></i>`)}
</div>`;
}

/** When hosts took traffic; empty if they are too many to be shown. */
export function admissions(hosts: readonly HostProgress[]): number[] {
  const spans = hosts.flatMap((host) => host.spans);
  const all = new Set(spans.filter(({ phase }) => phase === "admit").map(({ to }) => to));
  return all.size > MOST_ADMISSIONS ? [] : [...all];
}

/** The times at a side of the panel; every other one may be left out where there is little room. */
export function times(axis: TimeAxis, heading: string, text: (tick: number) => string): Html {
  const shown = axis.ticks.map((tick, index) => {
    const percent = percentAt(axis, tick);
    const classes = [index % 2 === 1 && "odd", percent > 96 && "last"].filter(Boolean).join(" ");
    return html`<span class="${classes}" style="left:${percent}%">${text(tick)}</span>`;
  });
  return html`<div class="times"><b>${heading}</b><div>${shown}</div></div>`;
}
