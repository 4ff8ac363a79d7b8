import { describe, expect, test } from "vitest";
import { bucketOf } from "#rollout/ledger/latency.ts";
import type { LedgerRow } from "#rollout/ledger/ledgerSums.ts";
import type { RollRecord } from "#rollout/record/rollRecord.ts";
import { renderReport } from "#rollout/report/renderReport.ts";
import {
  batchedRoll,
  canaryRoll,
  failedRoll,
  goodRoll,
  killedRoll,
  NEW,
  OLD,
  rollWithoutTraffic,
} from "../../../support/rolls/rollRecords.ts";

const EMPTY: RollRecord = {
  format: 1,
  id: "20261127-041512-9f3c",
  owner: "ada@deployer",
  began: "2026-11-27T04:15:12.000Z",
  outcome: "succeeded",
  release: NEW,
  hosts: [],
  reports: [],
  warnings: [],
  settings: {},
};

const RECORDS: Readonly<Record<string, RollRecord>> = {
  "a good roll": goodRoll(),
  "a failed roll": failedRoll(),
  "a killed roll": killedRoll(),
  "a roll in batches": batchedRoll(),
  "a roll of 50 hosts": batchedRoll(50, 10),
  "a canary": canaryRoll(),
  "a roll without traffic": rollWithoutTraffic(),
  "an empty record": EMPTY,
  "a roll that is on": { ...EMPTY, outcome: "rolling" },
  "a failure without a word": { ...EMPTY, outcome: "failed" },
  "a record with a time that is none": { ...goodRoll(), began: "yesterday" },
  "a roll of no time": { ...goodRoll(), durationSeconds: 0, reports: [] },
  "a roll of ten days": { ...goodRoll(), durationSeconds: 864_000 },
  "rows without a request": { ...EMPTY, ledger: [row({ requests: 0, latency: {} })] },
  "rows of lost requests alone": { ...EMPTY, ledger: [row({ lost: 5 })] },
  "rows of another year": { ...goodRoll(), ledger: [row({ second: 1_000_000_000, requests: 3 })] },
};

describe.each(Object.entries(RECORDS))("%s", (_, record) => {
  const page = renderReport(record);

  test("makes a page without holes", () => {
    expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(wordsOf(page)).not.toMatch(/undefined|NaN|Infinity|null|\[object/);
    expect(page).not.toMatch(/(?:style|d|width|x)="[^"]*(?:undefined|NaN|Infinity)/);
  });

  test("needs nothing from elsewhere and runs nothing", () => {
    expect(page).not.toMatch(/https?:|<script|\bon\w+="|@import|url\(|javascript:/i);
    expect(page).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"`,
    );
  });

  test("is the same each time", () => {
    expect(renderReport(structuredClone(record))).toBe(page);
  });
});

test("what anyone wrote into a record is shown as text", () => {
  const hostile = `</title></style><script>alert("x")</script><img src=x onerror='y'>`;
  const withHostileTexts = JSON.parse(JSON.stringify(failedRoll()), (key, value: unknown) =>
    typeof value === "string" && !["outcome", "began", "phase"].includes(key) ? `${value}${hostile}` : value,
  ) as RollRecord;
  const page = renderReport({
    ...withHostileTexts,
    settings: { [hostile]: hostile, nested: { [hostile]: [hostile] } },
  });
  expect(page).not.toContain("<script");
  expect(page).not.toContain("<img");
  expect(page.match(/<\/style>/g)).toHaveLength(1);
  // Stack, owner, commit, releases, hosts, messages, warnings, the failure, its evidence and settings.
  expect(page.split("&lt;script&gt;").length).toBeGreaterThan(100);
  for (const text of [/<dd>prod&lt;/, /<dd>8d0f3b6&lt;/, /<dt>&lt;\/title/, /refused&lt;\/title/])
    expect(page).toMatch(text);
});

test("a phase, an outcome or a time that this version does not know does no harm", () => {
  const odd = JSON.parse(
    JSON.stringify({ ...killedRoll(), outcome: 'odd"><u>' }).replaceAll('"health"', '"toString"'),
  ) as RollRecord;
  const page = renderReport({ ...odd, began: '"><u>' });
  expect(wordsOf(page)).toContain("toString");
  expect(page).not.toMatch(/"><u>|native code/);
});

test("a good roll says what it did, on how many hosts, how long it took, and that nothing was lost", () => {
  const page = renderReport(goodRoll());
  const headline = "1.0.0 → 1.1.0 on 2 hosts in 28.2 s, no request lost";
  expect(plain(page)).toContain(`<h1>${headline}</h1>`);
  expect(plain(page)).toContain(`<title>${headline}</title>`);
  expect(wordsOf(page)).toContain("stack prod when 2026-11-27 04:15:12 to 04:15:40 UTC");
  expect(wordsOf(page)).toContain(`by ann@build-1 (pid 4711) release ${NEW} commit 8d0f3b6`);
});

test("a roll over midnight ends on a date of its own", () => {
  const record = { ...EMPTY, began: "2026-11-27T23:59:50.000Z", durationSeconds: 20 };
  expect(wordsOf(renderReport(record))).toContain("2026-11-27 23:59:50 to 2026-11-28 00:00:10 UTC");
});

test("requests, losses, errors and latencies are counted from the second in which hosts began to change", () => {
  const latency = { [bucketOf(10)]: 99, [bucketOf(700)]: 1 };
  const at = Date.parse(EMPTY.began) / 1000 + 3;
  const ledger = [
    row({ second: at - 1, requests: 400, lost: 9, errors: 9, latency: { [bucketOf(5)]: 400 } }),
    row({ second: at, requests: 60, errors: 2, latency, release: OLD }),
    row({ second: at + 1, requests: 1200, errors: 3, cut: 4, retries: 6, release: NEW }),
    row({ second: at + 1, requests: 2, lost: 2 }),
  ];
  const hosts = [{ name: "app-1", from: OLD, to: NEW }];
  const record = { ...EMPTY, durationSeconds: 2, hosts, ledger, changesFrom: at };
  const words = wordsOf(renderReport(record));
  expect(words).toContain("1.0.0 → 1.1.0 on 1 host in 2.0 s, 2 requests lost");
  expect(words).toContain("Requests 1,262 before: 400");
  expect(words).toContain("Lost 2 0.158 %");
  expect(words).toContain("Errors 5 1.0.0: 2 (3.33 %), 1.1.0: 3 (0.25 %)");
  expect(words).toContain("p50 10 ms before: 5 ms p99 10 ms before: 5 ms");
  expect(words).toContain("1.1.0 since then 1,200 0 3 0.25 % – – 4 6");
});

test("a roll without traffic says so, and draws no empty charts", () => {
  const page = renderReport(rollWithoutTraffic());
  expect(wordsOf(page)).toContain("nginx counted no requests.");
  expect(wordsOf(page)).toContain("Timeline since it began");
  expect(page).not.toContain("<svg");
  expect(wordsOf(page)).not.toMatch(/By release|p99 –|no request lost/);
});

test("requests of no slot or of an unknown release are shown as such", () => {
  const second = Math.floor(Date.parse(goodRoll().began) / 1000) + 9;
  const ledger = [row({ second, slot: "app-9", requests: 7 }), row({ second, requests: 2, lost: 2 })];
  const words = wordsOf(renderReport({ ...goodRoll(), ledger }));
  expect(words).toContain("Requests per second unknown release no slot");
  expect(words).toContain("no slot, or an unknown release 9 2 0");
  expect(words).toContain("p99 – too few before it");
});

test("requests that nginx counted at another time are not drawn, and the page says why", () => {
  const page = renderReport({ ...goodRoll(), ledger: [row({ second: 1_000_000_000, requests: 3 })] });
  expect(page).not.toContain("<svg");
  expect(wordsOf(page)).toContain("none at this time: is the clock of its machine right?");
});

test("a failed roll shows the failure, what the hosts ran then, and the log, before anything else", () => {
  const words = wordsOf(renderReport(failedRoll()));
  expect(words).toContain("1.0.0 → 1.1.0 on 3 hosts failed after 60.0 s, 4 requests lost");
  expect(words).toContain(
    `app-3 was not touched. What the hosts ran then app-1 ${OLD} app-2 ${OLD} app-3 ${OLD}`,
  );
  expect(words).toContain("Caused by: java.net.ConnectException: Connection refused");
  expect(words.indexOf("ConnectException")).toBeLessThan(words.indexOf("Requests 5"));
  expect(words.indexOf("A warning app-1 was stopped")).toBeLessThan(words.indexOf("Requests 5"));
});

test("a killed roll names its last step, and says that the next up continues", () => {
  const words = wordsOf(renderReport(killedRoll()));
  expect(words).toContain("1.0.0 → 1.1.0 on 2 hosts was killed");
  expect(words).toContain(
    "Its last step was health of app-2, 23.6 s after the beginning: waiting: no answer at 10.0.0.12:8081.",
  );
  expect(words).toContain("the next up continues from there");
});

test("a canary's headline names its hosts and says what the others run", () => {
  const words = wordsOf(renderReport(canaryRoll()));
  expect(words).toContain("Canary 1.1.0 on app-1, 1.0.0 on 2 hosts in 13.8 s, no request lost");
});

test("releases of the same version are told apart by their hashes", () => {
  const hosts = [{ name: "app-1", from: "1.1.0-3c886d759f66", to: NEW }];
  expect(wordsOf(renderReport({ ...EMPTY, hosts }))).toContain("1.1.0-3c886 → 1.1.0-6d2d3 on 1 host");
});

test("every step is listed for its host and in the order of all, with what it saw and how long it took", () => {
  for (const record of [goodRoll(), failedRoll(), batchedRoll()]) {
    const page = renderReport(record);
    for (const { phase, message } of record.reports)
      expect(count(page, `</i>${phase}</td><td class="saw">${message}</td>`)).toBeGreaterThanOrEqual(2);
  }
});

test("hosts of a failed roll that went back are opened, and of a large good one none", () => {
  expect(count(renderReport(failedRoll()), "<details open>")).toBe(2);
  expect(count(renderReport(batchedRoll()), "<details open>")).toBe(0);
});

test("settings are shown with their values, groups under their names", () => {
  expect(wordsOf(renderReport(goodRoll()))).toContain(
    "Settings timing.soakSeconds 5 timing.graceSeconds 30 order start-first batch [1,&quot;25%&quot;,&quot;100%&quot;]",
  );
  expect(wordsOf(renderReport(EMPTY))).not.toContain("Settings");
});

function row(values: Partial<LedgerRow>): LedgerRow {
  const nothing = { requests: 1, lost: 0, errors: 0, cut: 0, retries: 0, bytes: 0, latency: {} };
  return { second: Date.parse("2026-11-27T04:15:12Z") / 1000, ...nothing, ...values };
}

function plain(page: string): string {
  return page.replaceAll("\u00a0", " ");
}

/** What a reader sees, without the tags and with single spaces. */
function wordsOf(page: string): string {
  const body = page.replace(/<style>[\s\S]*<\/style>/, "");
  return plain(body)
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
}

function count(page: string, text: string): number {
  return page.split(text).length - 1;
}

test("the requests of the roll itself are told apart", () => {
  const probes = { requests: 312, lost: 1, errors: 0 };
  expect(wordsOf(renderReport({ ...goodRoll(), probes }))).toMatch(
    /before: [\d,]+, and 312 probe requests, 1 lost/,
  );
  expect(wordsOf(renderReport({ ...EMPTY, probes, ledger: [] }))).toContain(
    "nginx counted no requests of clients, but 312 probe requests, 1 lost.",
  );
});

test("the paths that failed most are listed if nginx tells paths", () => {
  expect(wordsOf(renderReport(goodRoll()))).not.toContain("Paths that failed most");
  const paths = [{ path: "/orders/<b>7</b>", lost: 1_000, errors: 31 }];
  const page = renderReport({ ...goodRoll(), paths });
  expect(wordsOf(page)).toMatch(/Paths that failed most lost errors \/orders\/\S+ 1,000 31/);
  expect(page).not.toContain("<b>7</b>");
});
