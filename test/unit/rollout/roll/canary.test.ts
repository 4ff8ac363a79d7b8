import { expect, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { FakeFleet, LAUNCH } from "../../../support/fakeFleet.ts";

const OLD = "1.0.0";
const NEXT = "1.1.0";
const good = (release: string) => ({ runs: release, lastKnownGood: { release, launch: LAUNCH } });
const canaryOn = (...hosts: string[]) => ({
  hosts,
  release: NEXT,
  jar: { path: `/srv/${NEXT}.jar`, version: NEXT, sha256: "" },
});

function touched({ journal }: FakeFleet): string[] {
  return [...new Set(journal.filter((entry) => /^(drain|stop|start) /.test(entry)))];
}

async function threeHosts() {
  return FakeFleet.create({ "app-1": good(OLD), "app-2": good(OLD), "app-3": good(OLD) });
}

test("canaries get another release, and no other host is touched", async () => {
  const fleet = await threeHosts();
  const { rolled } = await fleet.roll(OLD, { canary: canaryOn("app-2") });
  expect(fleet.state).toEqual({ "app-1": OLD, "app-2": NEXT, "app-3": OLD });
  expect(touched(fleet)).toEqual(["drain app-2", "stop app-2", "start app-2"]);
  expect(rolled.map(({ host }) => host)).toEqual(["app-2"]);
  expect(fleet.messages("stage")).toEqual([`${OLD} is on every other host, ${NEXT} on app-2, hash verified`]);
  expect(fleet.messages("done", "app-1")).toEqual([`already serves ${OLD}`]);
});

test("canaries stay on their release as long as the settings say so", async () => {
  const fleet = await threeHosts();
  await fleet.roll(OLD, { canary: canaryOn("app-1") });
  fleet.journal.length = 0;
  await fleet.roll(OLD, { canary: canaryOn("app-1") });
  expect(touched(fleet)).toEqual([]);
  expect(fleet.messages("done", "app-1")).toEqual([`already serves ${NEXT}`]);
});

test("a canary that is promoted is not touched again: only the others follow", async () => {
  const fleet = await threeHosts();
  await fleet.roll(OLD, { canary: canaryOn("app-1") });
  fleet.journal.length = 0;
  await fleet.roll(NEXT);
  expect(fleet.state).toEqual({ "app-1": NEXT, "app-2": NEXT, "app-3": NEXT });
  expect(touched(fleet).filter((entry) => entry.endsWith("app-1"))).toEqual([]);
});

test("a canary that is given up returns to the release of the others", async () => {
  const fleet = await threeHosts();
  await fleet.roll(OLD, { canary: canaryOn("app-1") });
  fleet.journal.length = 0;
  await fleet.roll(OLD);
  expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
  expect(touched(fleet)).toEqual(["drain app-1", "stop app-1", "start app-1"]);
});

test("a canary that fails its gates goes back, like any host", async () => {
  const fleet = await threeHosts();
  fleet.host("app-1").conduct[NEXT] = "ends";
  const error = await fleet.roll(OLD, { canary: canaryOn("app-1") }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RollFailed);
  expect(Object(error).message).toMatch(
    /^app-1 failed its health gate on 1\.1\.0: the process ended by itself; .*\. app-1 is back on 1\.0\.0; app-2 and app-3 were not touched\./,
  );
  expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD, "app-3": OLD });
});

test("a canary may have a soak of its own", async () => {
  const fleet = await FakeFleet.create({ "app-1": good(OLD), "app-2": good("0.9.0") });
  const { rolled } = await fleet.roll(OLD, { canary: { ...canaryOn("app-1"), soakSeconds: 0.2 } });
  expect(fleet.state).toEqual({ "app-1": NEXT, "app-2": OLD });
  const soaks = Object.fromEntries(rolled.map(({ host, times }) => [host, times.soak]));
  expect(soaks["app-1"]).toBeGreaterThanOrEqual(190);
  expect(soaks["app-2"]).toBeUndefined();
});

test("a canary that also was to change with all others gets only its own release", async () => {
  const fleet = await threeHosts();
  await fleet.roll("1.0.1", { canary: canaryOn("app-3") });
  expect(fleet.state).toEqual({ "app-1": "1.0.1", "app-2": "1.0.1", "app-3": NEXT });
  expect(touched(fleet).filter((entry) => entry.startsWith("start"))).toHaveLength(3);
});

test("hooks are told the release of their host, and run with it", async () => {
  const fleet = await threeHosts();
  const echo = {
    command: 'echo "$ROLLGATE_HOOK $ROLLGATE_RELEASE"',
    where: "deployer",
    deadlineSeconds: 20,
  } as const;
  const hooks = { beforeRoll: [echo], afterHost: [echo] };
  await fleet.roll(OLD, { canary: canaryOn("app-2"), policy: { hooks } });
  const printed = fleet.reports.filter(({ phase, message }) => phase === "hook" && message.startsWith("|"));
  expect(printed.map(({ message }) => message)).toEqual([`| beforeRoll ${NEXT}`, `| afterHost ${NEXT}`]);
});
