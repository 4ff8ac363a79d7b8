import { type Html, html } from "./html.ts";

/** The settings that are not left at their defaults. */
export function settingsTable(settings: Readonly<Record<string, unknown>>): Html {
  const entries = Object.entries(settings);
  const rows = entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${inText(value)}</dd></div>`);
  return html`
<section>
  <h2>Settings that differ from their defaults</h2>
  ${entries.length === 0 ? html`<p>None.</p>` : html`<dl class="settings">${rows}</dl>`}
</section>`;
}

function inText(value: unknown): string {
  if (typeof value === "string") return value;
  const short = JSON.stringify(value) ?? "";
  return short.length <= 80 ? short : JSON.stringify(value, null, 2);
}
