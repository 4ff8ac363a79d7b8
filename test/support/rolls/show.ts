import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { renderReport } from "#rollout/report/renderReport.ts";
import { Chromium, findChromium, type Looks } from "../chromium.ts";
import * as made from "./rollRecords.ts";

/**
 * Renders the records of this folder, and photographs them if this machine has a Chromium:
 * `node test/support/rolls/show.ts [folder] [name…]`.
 */
const [folder = "target/reports", ...only] = process.argv.slice(2);

const LOOKS: Readonly<Record<string, Looks>> = {
  light: { width: 1180, scheme: "light" },
  dark: { width: 1180, scheme: "dark" },
  phone: { width: 360, scheme: "light", density: 2 },
};

const records = {
  good: made.goodRoll(),
  failed: made.failedRoll(),
  killed: made.killedRoll(),
  batches: made.batchedRoll(),
  many: made.batchedRoll(50, 10),
  canary: made.canaryRoll(),
  "no-traffic": made.rollWithoutTraffic(),
};

mkdirSync(folder, { recursive: true });
const executable = findChromium();
for (const [name, record] of Object.entries(records)) {
  if (only.length > 0 && !only.includes(name)) continue;
  const page = resolve(folder, `${name}.html`);
  writeFileSync(page, renderReport(record));
  if (executable === undefined) continue;
  await using chromium = new Chromium(executable);
  await chromium.open(pathToFileURL(page).href);
  for (const [look, looks] of Object.entries(LOOKS)) {
    await chromium.look(looks);
    writeFileSync(join(folder, `${name}-${look}.png`), await chromium.screenshot());
  }
}
console.log(`see ${folder}`);
