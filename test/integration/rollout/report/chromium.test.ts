import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RollRecord } from "#rollout/record/rollRecord.ts";
import { renderReport } from "#rollout/report/renderReport.ts";
import { Chromium, findChromium } from "../../../support/chromium.ts";
import { batchedRoll, failedRoll, goodRoll, killedRoll } from "../../../support/rolls/rollRecords.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { contrasts, outside } from "./inPage.ts";

const executable = findChromium();
const title = `a report in Chromium${executable === undefined ? ": this machine has none (package chromium)" : ""}`;

const RECORDS: Readonly<Record<string, RollRecord>> = {
  "a good roll": goodRoll(),
  "a failed roll": failedRoll(),
  "a killed roll": killedRoll(),
  "a roll of 50 hosts": batchedRoll(50, 10),
  "a roll with long words": withLongWords(failedRoll()),
};

describe.skipIf(executable === undefined)(title, { timeout: 60_000 }, () => {
  let chromium: Chromium;

  beforeAll(() => {
    chromium = new Chromium(String(executable));
  });

  afterAll(() => chromium[Symbol.asyncDispose]());

  async function open(record: RollRecord): Promise<string> {
    const path = join(await temporaryDirectory(), "report.html");
    await writeFile(path, renderReport(record));
    const url = pathToFileURL(path).href;
    await chromium.open(url);
    return url;
  }

  describe.each(Object.entries(RECORDS))("%s", (_, record) => {
    test("fits a phone without scrolling sideways, asks for nothing else, and gives no complaint", async () => {
      const url = await open(record);
      for (const width of [360, 1180]) {
        await chromium.look({ width, scheme: "light" });
        expect(await chromium.ask(outside)).toEqual([]);
        expect(await chromium.ask("document.documentElement.scrollWidth")).toBe(width);
      }
      expect(chromium.requests).toEqual([url]);
      expect(chromium.complaints).toEqual([]);
    });

    test("can be read in the light and in the dark", async () => {
      await open(record);
      for (const scheme of ["light", "dark"] as const) {
        await chromium.look({ width: 1180, scheme });
        expect(await chromium.ask(contrasts)).toEqual([]);
        const background = await chromium.ask("getComputedStyle(document.body).backgroundColor");
        expect(background).toBe(scheme === "dark" ? "rgb(15, 19, 25)" : "rgb(245, 246, 248)");
      }
    });
  });

  test("every phase has a bar that can be seen, in its row and at its time", async () => {
    await open(goodRoll());
    await chromium.look({ width: 1180, scheme: "light" });
    const bars = await chromium.ask(`[...document.querySelectorAll(".row:nth-of-type(2) .bar")].map((bar) => {
      const [lane, own] = [bar.parentElement, bar].map((each) => each.getBoundingClientRect());
      const share = (x) => Math.round(1000 * (x - lane.left) / lane.width) / 1000;
      return [bar.textContent, share(own.left), share(own.right), own.width >= 2, own.height];
    })`);
    // Of a roll of 28.21 s, app-1 took from 5.96 to 10.36 s to become healthy.
    expect(bars).toContainEqual(["health", 0.211, 0.367, true, 18]);
    expect(bars).toContainEqual(["soak", 0.373, 0.55, true, 18]);
    expect(bars).toContainEqual(["settle", 0.373, 0.405, true, 4]);
    expect(bars).toHaveLength(9);
  });

  test("what is printed is on white, and has the steps that are folded up", async () => {
    await open(batchedRoll());
    const heights = `[...document.querySelectorAll("details")].map((each) => each.offsetHeight > 100)`;
    await chromium.look({ width: 1000, scheme: "light" });
    expect(await chromium.ask(heights)).not.toContain(true);
    await chromium.look({ width: 1000, scheme: "dark", medium: "print" });
    expect(await chromium.ask(heights)).not.toContain(false);
    expect(await chromium.ask("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
  });

  test("a script that got into a page all the same would not run", async () => {
    const path = join(await temporaryDirectory(), "report.html");
    await writeFile(
      path,
      renderReport(goodRoll()).replace("<main>", "<main><script>document.title = 'x'</script>"),
    );
    await chromium.open(pathToFileURL(path).href);
    expect(await chromium.ask("document.title")).toContain("no request lost");
    expect(chromium.complaints.join()).toContain("Content Security Policy");
  });
});

function withLongWords(record: RollRecord): RollRecord {
  const long = "x".repeat(300);
  return {
    ...record,
    stack: long,
    owner: long,
    commit: long,
    hosts: record.hosts.map(({ name }) => ({ name: `${name}${long}`, from: `1.0.0${long}`, to: long })),
    reports: record.reports.map((report) => ({ ...report, message: long })),
    warnings: [long],
    failure: { message: `${long} Now: ${long}; ${long}.`, evidence: [long] },
    settings: { [long]: long, list: [long, long] },
  };
}
