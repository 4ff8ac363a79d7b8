import { inDigits } from "./figuresInWords.ts";
import { type Content, type Html, html } from "./html.ts";

/** What a colour of a chart stands for. */
export interface Key {
  readonly className: string;
  readonly name: string;
}

/** A chart in the panel of the timeline: a heading with its keys, and a plot beside the values at its sides. */
export function chart(options: {
  readonly title: string;
  readonly keys: readonly Key[];
  readonly top: number;
  readonly plot: Html;
}): Html {
  const { title, keys, top, plot } = options;
  const value = (part: number): Content =>
    top * part >= 1 || part === 0 ? inDigits(top * part) : String(Number((top * part).toPrecision(2)));
  return html`
<div class="chart">
  <div class="chart-head"><h3>${title}</h3>${legend(keys)}</div>
  <div class="values"><span>${value(1)}</span><span>${value(0.5)}</span><span>0</span></div>
  <div class="plot-area">${plot}</div>
</div>`;
}

/** The colours that are used, each with its name. */
export function legend(keys: readonly Key[]): Html {
  const items = keys.map(({ className, name }) => html`<li><i class="key ${className}"></i>${name}</li>`);
  return html`<ul class="legend">${items}</ul>`;
}
