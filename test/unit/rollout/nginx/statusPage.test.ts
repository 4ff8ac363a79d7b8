import { expect, test } from "vitest";
import type { ShownRoll, ShownState } from "#rollout/status/shownState.ts";
import { statusPage } from "../../../support/statusPage.ts";

/** Two hosts: the first soaks in its second slot, the second one has not been touched. */
const SLOTS = [
  { host: "app-1", up: true, drained: true },
  { host: "app-1_b", up: true, drained: false },
  { host: "app-2", up: true, drained: false },
  { host: "app-2_b", up: false, drained: true },
];

/** What the roll has left, with times that many seconds ago by a clock that is a day ahead. */
function left(roll: Partial<ShownRoll> = {}, secondsAgo = 12): ShownState {
  const at = (seconds: number) => new Date(Date.now() + 86_400_000 - seconds * 1000).toISOString();
  return {
    format: 1,
    written: at(0),
    roll: {
      owner: "ann@build-1 (pid 4711)",
      release: "1.2.0-214696e44386",
      began: at(secondsAgo),
      outcome: "rolling",
      hosts: [
        { name: "app-1", from: "1.0.0-3c88", to: "1.2.0-2146", phase: "soak", since: at(3) },
        { name: "app-2", from: "1.0.0-3c88", to: "1.2.0-2146" },
      ],
      ...(roll.outcome && { ended: at(1) }),
      ...roll,
    },
    slots: {
      "app-1": { release: "1.0.0-3c88", drainedBy: "roll of 1.2.0-2146 by ann@build-1" },
      "app-1_b": { release: "1.2.0-2146" },
      "app-2": { release: "1.0.0-3c88" },
      "app-2_b": {},
    },
  };
}

function json(...args: Parameters<typeof statusPage>) {
  const [slots, state, options] = args;
  return JSON.parse(statusPage(slots, state, { ...options, format: "json" }));
}

test("the page says who rolls what, for how long, and what each host does, by nginx's own clock", () => {
  const page = statusPage(SLOTS, left());
  expect(page).toContain("<title>2 of 2 hosts take traffic</title>");
  expect(page).toContain("Rolling</span> 1.2.0-214696e44386<small> from 1.0.0-3c88</small>");
  expect(page).toContain("<p>for 12 s, by ann@build-1 (pid 4711)</p>");
  expect(page).toContain('<li class="now">app-1 soak for 3 s</li><li>app-2</li>');
  expect(page).toContain("<small>roll of 1.2.0-2146 by ann@build-1</small>");
  expect(page).toContain("<td>1.2.0-2146</td>");
});

test("JSON says what each slot runs and why it is drained, next to all that it said before", () => {
  const { servers, roll } = json(SLOTS, left());
  expect(servers).toMatchObject({ total: 4, up: 3, down: 1, configuration: "8f2c0d5e6a71b394" });
  expect(
    servers.server.map(({ host, release, drainedBy }: Record<string, unknown>) => [host, release, drainedBy]),
  ).toEqual([
    ["app-1", "1.0.0-3c88", "roll of 1.2.0-2146 by ann@build-1"],
    ["app-1_b", "1.2.0-2146", undefined],
    ["app-2", "1.0.0-3c88", undefined],
    ["app-2_b", undefined, undefined],
  ]);
  expect(roll).toMatchObject({ outcome: "rolling", silentSeconds: 0, hosts: [{ phase: "soak" }, {}] });
});

test("a host that no roll has drained was drained by hand", () => {
  const slots = [{ host: "app-2", up: true, drained: true }];
  expect(json(slots, left()).servers.server[0].drainedBy).toBe("by hand");
  const fresh = [{ host: "app-3", up: false, drained: true }];
  expect(json(fresh, left()).servers.server[0].drainedBy).toBe("nothing runs there");
});

test.each([
  [5, "rolling", undefined],
  [20, "rolling", "no word for 20 s"],
  [240, "killed", "no word for 4 min: it was probably killed, and the next pulumi up finishes it"],
])("a roll without a word for %i s counts as %s", (seconds, outcome, words) => {
  const ageMilliseconds = seconds * 1000;
  const [, trouble] = /<p class="trouble">([^<]*)/.exec(statusPage(SLOTS, left(), { ageMilliseconds })) ?? [];
  expect(trouble).toBe(words);
  expect(json(SLOTS, left(), { ageMilliseconds }).roll.outcome).toBe(outcome);
  const metrics = statusPage(SLOTS, left(), { ageMilliseconds, format: "prometheus" });
  expect(metrics).toContain(`rollgate_roll_in_progress ${outcome === "rolling" ? 1 : 0}\n`);
  expect(metrics.includes("rollgate_last_roll_succeeded 0\n")).toBe(outcome === "killed");
});

test("once it is over, the page says how it ended, when, what nginx counted, and where the report is", () => {
  const report = "https://reports.example.com/20261127-041512-9f3c.html";
  const state = left({ outcome: "succeeded", requests: 48_112, lost: 0, report }, 25);
  const page = statusPage(SLOTS, state, { ageMilliseconds: 600_000 });
  expect(page).toMatch(/Rolled<\/span> 1\.2\.0-214696e44386/);
  expect(page).toMatch(/<p>10 min ago \(<time>[\d-]+ [\d:]+ UTC<\/time>\), after 24 s, by ann@build-1 · /);
  expect(page).toContain(`48,112 requests, 0 lost · <a href="${report}">report</a>`);
  const metrics = statusPage(SLOTS, state, { format: "prometheus" });
  expect(metrics).toContain("rollgate_last_roll_succeeded 1\n");
  expect(metrics).toContain("rollgate_last_roll_duration_seconds 24\n");
  expect(metrics).toContain(
    'rollgate_host_info{host="app-1_b",address="10.0.0.12:8080",release="1.2.0-2146"} 1\n',
  );
});

test("a failed roll names the host and the phase, and says which hosts went back", () => {
  const hosts = [
    { name: "app-1", to: "1.2.0", phase: "done", isBack: true },
    { name: "app-2", to: "1.2.0" },
  ] as const;
  const failed = left({ outcome: "failed", failedAt: { host: "app-1", phase: "health" }, hosts });
  const page = statusPage(SLOTS, failed);
  expect(page).toContain('<li class="back">app-1 went back</li><li>app-2</li>');
  expect(page).toContain('<p class="trouble">app-1 failed in its health phase</p>');
});

test("nothing that was left can put markup or another kind of link into the page", () => {
  const evil = `"><script>alert('1')</script>`;
  const state = left({
    outcome: "failed",
    owner: evil,
    release: evil,
    report: "javascript:alert(1)",
    failedAt: { host: evil, phase: "health" },
  });
  const page = statusPage(SLOTS, { ...state, slots: { "app-1": { release: evil, drainedBy: evil } } });
  expect(page).not.toContain("<script");
  expect(page).not.toContain("javascript:");
  expect(page).toContain("&#60;script&#62;alert(&#39;1&#39;)");
});

test.each([
  ["nothing", undefined],
  ["half a file", '{"format":1,"written":'],
  ["a file of another version", '{"format":2}'],
  ["a file without a roll", '{"format":1}'],
])("with %s left, it shows the checks alone", (_, text) => {
  const { servers, roll } = json(SLOTS, text);
  expect([servers.total, roll]).toEqual([4, undefined]);
  expect(statusPage(SLOTS, text)).not.toContain("<section");
  expect(statusPage(SLOTS, text, { format: "prometheus" })).not.toContain("rollgate_roll");
});
