import { expect, test } from "vitest";
import { fleetSpans, hostSpans, type Span } from "#rollout/report/spans.ts";
import type { Report } from "#rollout/roll/reporter.ts";
import { RollScript } from "../../../support/rolls/rollScript.ts";

test("a phase lasts from its end back for as long as it took", () => {
  const reports = host((app) => app.step("start", 0.5, "1.1.0").step("health", 4, "UP"));
  expect(inShort(hostSpans(reports))).toEqual(["start 0–0.5", "health 0.5–4.5"]);
});

test("hosts that start first settle while they soak", () => {
  const reports = host((app) => app.startFirst("1.1.0", "app-1-b", 3));
  const shown = inShort(hostSpans(reports)).slice(-3);
  expect(shown.toSorted()).toEqual(["settle 3.32–4.22", "soak 3.32–8.32", "stop 8.32–8.92"]);
});

test("a gate that fails lasts until the way back begins, and says what it saw last", () => {
  const reports = host((app) =>
    app
      .step("start", 1, "1.1.0")
      .tell("health", "waiting: 503", 10)
      .tell("restore", "503 for 15 s; back to 1.0.0", 5)
      .step("stop", 1, "1.1.0 stopped"),
  );
  const spans = hostSpans(reports, { at: 30, inSoak: false });
  expect(inShort(spans)).toEqual([
    "start 0–1",
    "health 1–16 unfinished",
    "stop 16–17 back",
    "switch 17–30 unfinished",
  ]);
  expect(spans[1]?.message).toBe("waiting: 503");
});

test("a gate that fails before it told anything is the one that follows", () => {
  const reports = host((app) => app.step("start", 1, "1.1.0").tell("restore", "exited; back to 1.0.0", 2));
  expect(inShort(hostSpans(reports))).toEqual(["start 0–1", "health 1–3 unfinished"]);
});

test("a soak that fails began when the host took traffic, whatever ended meanwhile", () => {
  const reports = host((app) => {
    app.step("admit", 1, "takes traffic").step("drain", 0.5, "no new requests");
    return app.step("settle", 1, "no connections left").tell("restore", "it failed its soak", 2);
  });
  expect(inShort(hostSpans(reports))).toContain("soak 1–4.5 unfinished");
});

test("a host that was through when the roll was killed has no unfinished phase", () => {
  const startFirst = host((app) => app.startFirst("1.1.0", "app-1-b", 3));
  const stopFirst = host((app) => app.stopFirst("1.1.0", 3));
  for (const reports of [startFirst, stopFirst])
    expect(hostSpans(reports, { at: 100, inSoak: true }).filter(({ isUnfinished }) => isUnfinished)).toEqual(
      [],
    );
});

test("a host that was killed in its soak is soaking, and one without a soak has ended its turn", () => {
  const reports = host((app) => app.step("admit", 1, "takes traffic").step("drain", 0.5, "no new requests"));
  const phases = (inSoak: boolean) => inShort(hostSpans(reports, { at: 9, inSoak }));
  expect(phases(true)).toEqual(["admit 0–1", "soak 1–9 unfinished", "drain 1–1.5"]);
  expect(phases(false)).toEqual(["admit 0–1", "drain 1–1.5"]);
});

test("hosts that went back after a good turn have no unfinished phase in it", () => {
  const reports = host((app) => app.stopFirst("1.1.0", 3).tell("rollback", "going back to 1.0.0", 20));
  expect(hostSpans(reports).some(({ isUnfinished }) => isUnfinished)).toBe(false);
});

test("a hook lasts from its first line to its last", () => {
  const reports = host((app) =>
    app
      .tell("hook", "afterHost: smoke", 1)
      .tell("hook", "| 12 passed", 3)
      .tell("hook", "afterHost: done in 3.2 s", 0.2)
      .tell("hook", "afterHost: load", 1)
      .tell("hook", "afterHost: done in 1.0 s", 1),
  );
  expect(inShort(hostSpans(reports))).toEqual(["hook 1–4.2", "hook 5.2–6.2"]);
});

test("the fleet's preflight lasts from the beginning, staging from there, and a wait until the roll goes on", () => {
  const script = new RollScript()
    .fleet(1, "preflight", "2 hosts are ready")
    .fleet(3, "stage", "on every host")
    .fleet(10, "wait", "for app-2: 0 s of at most 100 s")
    .fleet(20, "wait", "for app-2: 10 s of at most 100 s");
  script.host("app-1", 25).step("switch", 0, "current → 1.1.0");
  const spans = fleetSpans(script.reports);
  expect(inShort(spans)).toEqual(["preflight 0–1", "stage 1–3", "wait 10–25"]);
  expect(spans[2]?.message).toContain("10 s of");
});

test("a wait in which the roll ended lasts until it was told the last time", () => {
  const script = new RollScript().fleet(10, "wait", "0 s").fleet(20, "wait", "10 s");
  expect(inShort(fleetSpans(script.reports))).toEqual(["wait 10–20"]);
});

function host(play: (app: ReturnType<RollScript["host"]>) => unknown): readonly Report[] {
  const script = new RollScript();
  play(script.host("app-1", 0));
  return script.reports;
}

function inShort(spans: readonly Span[]): string[] {
  const round = (seconds: number) => Math.round(seconds * 100) / 100;
  return spans.map(({ phase, from, to, isUnfinished, isWayBack }) =>
    [`${phase} ${round(from)}–${round(to)}`, isUnfinished && "unfinished", isWayBack && "back"]
      .filter(Boolean)
      .join(" "),
  );
}
