import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { PortOwner } from "#rollout/host/appHost.ts";
import type { HealthReport } from "#rollout/host/probe.ts";
import { awaitHealthy } from "#rollout/roll/gates.ts";
import { HostSteps } from "#rollout/roll/hostSteps.ts";

const [RELEASE, ANSWER_MILLISECONDS] = ["1.1.0-b", 100];

/** What happened to an application whose answers take long, while its health gate asked for the owner of its port. */
async function gate(...owners: readonly [PortOwner, ...PortOwner[]]): Promise<string[]> {
  const journal: string[] = [];
  const left = [...owners];
  const slot = {
    name: "app-1",
    port: 8080,
    runningApp: async () => ({ pid: 7, release: RELEASE }),
    probe: async () => {
      await sleep(ANSWER_MILLISECONDS);
      journal.push("answer");
      return { up: true, detail: "200 UP" };
    },
    portOwner: async () => {
      journal.push("owner?");
      return left.shift() ?? owners[0];
    },
  };
  const health = { passes: 2, intervalMilliseconds: 10, deadlineSeconds: 5 };
  const context = { policy: { health }, report: () => {}, redact: (text: string) => text };
  const place = { host: Object(slot), slot: Object(slot) };
  await awaitHealthy(place, RELEASE, Object(context), new AbortController().signal);
  return journal;
}

test("the owner of the port is asked for while the first answer is on its way", async () => {
  expect(await gate({ kind: "application", release: RELEASE })).toEqual(["owner?", "answer", "answer"]);
});

test("an owner that was asked for before the application listened is asked for again", async () => {
  const owners: [PortOwner, PortOwner] = [{ kind: "nobody" }, { kind: "application", release: RELEASE }];
  expect(await gate(...owners)).toEqual(["owner?", "answer", "answer", "owner?"]);
});

test("a port that answers for another process is reported as stolen", async () => {
  const other: PortOwner = { kind: "other", name: "pid 9 (nginx)" };
  await expect(gate(other)).rejects.toThrow("port 8080 is answered by pid 9 (nginx), not by the release");
});

/** How an application that answers so was asked, if a look says at once that it listens by now. */
async function asked(...answers: readonly HealthReport[]): Promise<string[]> {
  const journal: string[] = [];
  const left = [...answers];
  const slot = {
    name: "app-1",
    port: 8080,
    runningApp: async () => ({ pid: 7, release: RELEASE }),
    probe: async () => {
      const report = left.shift() ?? { up: true, detail: "200 UP" };
      journal.push(report.detail);
      return report;
    },
    untilListening: async () => void journal.push("listens"),
    portOwner: async () => ({ kind: "application", release: RELEASE }),
  };
  const health = { passes: 1, intervalMilliseconds: 50, deadlineSeconds: 5 };
  const context = { policy: { health }, report: () => {}, redact: (text: string) => text };
  const place = { host: Object(slot), slot: Object(slot) };
  await awaitHealthy(place, RELEASE, Object(context), new AbortController().signal);
  return journal;
}

test("an application that listened to nobody yet is asked again as soon as it does", async () => {
  const refused = { up: false, detail: "refused", isRefused: true };
  expect(await asked(refused, refused)).toEqual(["refused", "listens", "refused", "listens", "200 UP"]);
});

test("an application that has answered is asked again only after the interval", async () => {
  const began = performance.now();
  expect(await asked({ up: false, detail: "503 DOWN" })).toEqual(["503 DOWN", "200 UP"]);
  expect(performance.now() - began).toBeGreaterThan(45);
});

/** When nginx was asked for its view of an application whose answers take long, one after the other. */
async function views(...answers: readonly (boolean | "refused" | "slow")[]): Promise<string[]> {
  const journal: string[] = [];
  let asked = 0;
  const slot = {
    name: "app-1",
    port: 8080,
    runningApp: async () => ({ pid: 7, release: RELEASE }),
    probe: async () => {
      const answer = answers[asked++] ?? true;
      const [isRefused, up] = [answer === "refused", answer === true || answer === "slow"];
      await sleep(ANSWER_MILLISECONDS);
      for (let asks = 0; answer === "slow" && asks < 50 && journal.at(-1) !== "nginx?"; asks++)
        await sleep(ANSWER_MILLISECONDS);
      journal.push(isRefused ? "refused" : up ? "up" : "down");
      return { up, detail: "", isRefused };
    },
    portOwner: async () => ({ kind: "application", release: RELEASE }),
  };
  const health = { passes: 1, intervalMilliseconds: 2 * ANSWER_MILLISECONDS, deadlineSeconds: 5 };
  const context = { policy: { health }, report: () => {}, redact: (text: string) => text };
  const place = { host: Object(slot), slot: Object(slot) };
  const { signal } = new AbortController();
  await awaitHealthy(place, RELEASE, Object(context), signal, () => journal.push("nginx?"));
  return journal;
}

test("nginx is asked while the first answer is on its way", async () => {
  expect(await views(true)).toEqual(["nginx?", "up"]);
});

test("nginx is asked again, but only once, if the application was not up yet", async () => {
  expect(await views(false, false, true)).toEqual(["nginx?", "down", "down", "up", "nginx?"]);
});

test("nginx of a far host is asked once an answer takes longer than it did while nothing listened", async () => {
  const seen = await views("refused", "refused", "slow", "slow");
  expect(seen.slice(0, 5)).toEqual(["nginx?", "refused", "refused", "nginx?", "up"]);
});

test("an application that is up every other time is not healthy, though nginx asks it between two passes", async () => {
  let asked = 0;
  const answer = async () =>
    asked++ % 2 === 0 ? { up: true, detail: "200 UP" } : { up: false, detail: "503 DOWN" };
  const slot = {
    name: "app-1",
    port: 8080,
    runningApp: async () => ({ pid: 7, release: RELEASE }),
    probe: answer,
    portOwner: async (): Promise<PortOwner> => ({ kind: "application", release: RELEASE }),
    listening: async () => [],
    tail: async () => "",
  };
  const proxy = {
    upstream: async () => {
      const seen = await answer();
      return seen.up ? seen : { ...seen, isItsAnswer: true };
    },
  };
  const health = { passes: 2, intervalMilliseconds: 20, deadlineSeconds: 1 };
  const context = { proxy, policy: { health }, report: () => {}, redact: (text: string) => text };
  const steps = new HostSteps(Object(slot), Object(context), "start");
  await expect(steps.awaitUp(Object(slot), RELEASE, new AbortController().signal)).rejects.toThrow(
    "for 1 s (2 passes in a row needed)",
  );
});
