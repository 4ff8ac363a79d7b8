import type { RollRecord } from "../record/rollRecord.ts";
import { html } from "./html.ts";

/** A page about one roll that needs nothing but itself: no script, and no style, font or image from elsewhere. */
export function renderReport(record: RollRecord): string {
  const steps = record.reports.map(
    ({ elapsedSeconds, host, phase, message }) => html`
      <tr><td>${elapsedSeconds.toFixed(1)} s</td><td>${host ?? "fleet"}</td><td>${phase}</td><td>${message}</td></tr>`,
  );
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${record.release}: ${record.outcome}</title>
<h1>${record.release}: ${record.outcome}</h1>
<table>${steps}</table>
</html>
`;
  return page.text;
}
