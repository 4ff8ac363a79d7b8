import type { RollRecord } from "../record/rollRecord.ts";
import { inDigits } from "./figuresInWords.ts";
import { type Html, html } from "./html.ts";

/** Which requests failed, as far as nginx told paths. */
export function failedPaths({ paths = [] }: RollRecord): Html | false {
  if (paths.length === 0) return false;
  const rows = paths.map(({ path, lost, errors }) => {
    return html`<tr><th scope="row">${path}</th><td>${inDigits(lost)}</td><td>${inDigits(errors)}</td></tr>`;
  });
  return html`
<section>
  <h2>Paths that failed most</h2>
  <div class="scroll"><table class="numbers">
    <thead><tr><th></th><th>lost</th><th>errors</th></tr></thead>
    <tbody>${rows}</tbody>
  </table></div>
</section>`;
}
