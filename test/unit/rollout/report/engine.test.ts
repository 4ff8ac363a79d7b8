import { expect, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import type { RollRecord } from "#rollout/record/rollRecord.ts";
import { hostsProgress } from "#rollout/report/hostProgress.ts";
import { renderReport } from "#rollout/report/renderReport.ts";
import { FakeFleet, LAUNCH } from "../../../support/fakeFleet.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];

test("a page has the phases of a real roll, in their order, and what became of each host", async () => {
  const fleet = await FakeFleet.create({
    "app-1": { runs: OLD, beside: "nothing" },
    "app-2": { runs: OLD },
    "app-3": { runs: NEW, launch: LAUNCH, lastKnownGood: { release: NEW, launch: LAUNCH } },
  });
  await fleet.roll(NEW, { policy: { order: "auto", timing: { soakSeconds: 0.1 } } });
  const record = recordOf(fleet, { outcome: "succeeded" });
  expect(progress(record)).toEqual({
    "app-1": "rolled: switch start health upstream admit drain soak stop",
    "app-2": "rolled: drain stop switch start health upstream admit soak",
    "app-3": "same:",
  });
  const settled = record.reports.filter(({ phase }) => phase === "settle").map(({ host }) => host);
  expect(settled).toEqual(["app-1", "app-2"]);
  const page = renderReport(record);
  for (const { phase, message } of fleet.reports) {
    expect(page).toContain(`${phase}</td>`);
    expect(page).toContain(message.replaceAll("'", "&#39;"));
  }
});

test("the gate at which a real roll failed is a phase that did not end, and what followed is the way back", async () => {
  const fleet = await FakeFleet.create({
    "app-1": { runs: OLD },
    "app-2": { runs: OLD },
    "app-3": { runs: OLD },
  });
  fleet.host("app-2").conduct[NEW] = "down";
  const policy = { health: { deadlineSeconds: 1 }, timing: { soakSeconds: 0.1 } };
  const failure = await fleet.roll(NEW, { policy }).catch((error: unknown) => error);
  if (!(failure instanceof RollFailed)) throw failure;
  const { message, evidence } = failure;
  const record = recordOf(fleet, { outcome: "failed", failure: { message, evidence } });
  const way = "drain stop switch start health upstream admit soak";
  expect(progress(record)).toEqual({
    "app-1": `back: ${way} and back ${way}`,
    "app-2":
      "back: drain stop switch start health (unfinished) and back stop switch start health upstream admit soak",
    "app-3": "untouched:",
  });
  expect(renderReport(record)).toContain("<h3>What the hosts ran then</h3>");
});

function recordOf({ hosts, reports }: FakeFleet, ended: Pick<RollRecord, "outcome" | "failure">): RollRecord {
  return {
    format: 1,
    id: "20261127-041512-9f3c",
    owner: "test",
    began: "2026-11-27T04:15:12.000Z",
    durationSeconds: reports.at(-1)?.elapsedSeconds ?? 0,
    release: NEW,
    hosts: hosts.map(({ name }) => ({ name, from: OLD, to: NEW })),
    reports,
    warnings: [],
    settings: {},
    ...ended,
  };
}

/** What became of each host, and its phases but for settling, which may go on beside the soak. */
function progress(record: RollRecord): Record<string, string> {
  const hosts = hostsProgress(record, record.durationSeconds ?? 0);
  return Object.fromEntries(
    hosts.map(({ name, fate, spans }) => {
      const phases = (isBack: boolean) =>
        spans
          .filter(({ phase, isWayBack = false }) => phase !== "settle" && isWayBack === isBack)
          .map(({ phase, isUnfinished }) => `${phase}${isUnfinished ? " (unfinished)" : ""}`);
      const back = phases(true);
      return [
        name,
        [`${fate}:`, ...phases(false), ...(back.length > 0 ? ["and back", ...back] : [])].join(" "),
      ];
    }),
  );
}
