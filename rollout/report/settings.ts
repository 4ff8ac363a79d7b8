import { isObject } from "../common/isObject.ts";
import { type Html, html } from "./html.ts";

/** The settings of a roll, with those of a group under its name: `timing.soakSeconds`. */
export function settingsTable(settings: Readonly<Record<string, unknown>>): Html | undefined {
  const rows = inRows(settings).map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${inText(value)}</dd></div>`,
  );
  if (rows.length === 0) return undefined;
  return html`
<section>
  <h2>Settings</h2>
  <dl class="settings">${rows}</dl>
</section>`;
}

function inRows(group: object, within = ""): (readonly [string, unknown])[] {
  return Object.entries(group).flatMap(([name, value]: [string, unknown]) => {
    const isGroup = isObject(value);
    return isGroup ? inRows(value, `${within}${name}.`) : [[`${within}${name}`, value] as const];
  });
}

function inText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
