import { describe, expect, test } from "vitest";
import { GateFailed, RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { nextStepFor } from "#rollout/roll/nextStepFor.ts";
import { FakeFleet, type PolicyChange } from "../../../support/fakeFleet.ts";

const NEW = "1.1.0";

function two() {
  return FakeFleet.create({ "app-1": { runs: "1.0.0" }, "app-2": { runs: "1.0.0" } });
}

async function nextAfter(fleet: FakeFleet, policy: PolicyChange = {}): Promise<string> {
  const error: unknown = await fleet.roll(NEW, { policy }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RollFailed);
  return nextStepFor(error);
}

describe("what to do next follows from what failed:", () => {
  test.each([
    ["disk-full", /^free up disk space on that machine.*`keepReleases`/],
    ["release-missing", /^run `pulumi up` with the jar of that release/],
    ["staged-corrupted", /^run `pulumi up` again, which stages the release again/],
    ["sudo-refused", /\/etc\/sudoers\.d/],
    ["machine-unreachable", /^make sure the machine is up .* remove its host from `hosts`/],
  ])("%s before any host was touched", async (code, expected) => {
    const fleet = await two();
    fleet.host("app-2").errors.stage = new RollgateError(code, "app-2 cannot take it");
    expect(await nextAfter(fleet)).toMatch(expected);
  });

  test("a port that another process has", async () => {
    const fleet = await two();
    fleet.host("app-1").errors.start = new RollgateError("port-taken", "port 8081 of app-1 is taken by nc");
    expect(await nextAfter(fleet)).toMatch(/^free the port .* give the host another one/);
  });

  test("a port that is taken, according to the application alone, as after a rename", async () => {
    const fleet = await two();
    fleet.host("app-1").conduct[NEW] = "ends";
    fleet.host("app-1").writes = ["java.net.BindException: Address already in use"];
    expect(await nextAfter(fleet)).toMatch(/^free the port .* After a rename, the old host keeps its port/);
  });

  test.each([
    ["Error: Could not create the Java Virtual Machine.", /^correct `jvmOptions`/],
    ["java.lang.OutOfMemoryError: Java heap space", /^give the application more memory/],
    ["java.lang.UnsupportedClassVersionError: app/Main", /newer Java/],
    ["just gone", /^see the lines above for the reason, then run `pulumi up` again with a release/],
  ])("an application that ends with %j", async (line, expected) => {
    const fleet = await two();
    fleet.host("app-1").conduct[NEW] = "ends";
    fleet.host("app-1").writes = [line];
    expect(await nextAfter(fleet)).toMatch(expected);
  });

  test("a release that is never healthy", async () => {
    const fleet = await two();
    fleet.host("app-1").conduct[NEW] = "down";
    expect(await nextAfter(fleet, { health: { deadlineSeconds: 0.2 } })).toContain("`healthDeadlineSeconds`");
  });

  test("an unreachable peer", async () => {
    const fleet = await two();
    fleet.when("start app-1", () => fleet.host("app-2").vanish());
    expect(await nextAfter(fleet, { health: { deadlineSeconds: 0.2 } })).toContain(
      "remove its host from `hosts`",
    );
  });

  test("an unreachable peer, without which no other host may be taken out", async () => {
    const fleet = await FakeFleet.create({
      "app-1": { runs: "1.0.0" },
      "app-2": { runs: "1.0.0" },
      "app-3": { runs: "1.0.0" },
    });
    fleet.when("start app-1", () => fleet.host("app-2").vanish());
    expect(await nextAfter(fleet, { health: { deadlineSeconds: 0.2 } })).toContain(
      "remove its host from `hosts`",
    );
  });

  test("an nginx that no longer answers", async () => {
    const fleet = await two();
    fleet.when("stage app-2", () => {
      fleet.proxy.error = new RollgateError("nginx-unreachable", "nginx does not answer");
    });
    expect(await nextAfter(fleet)).toMatch(/^find out why this stack's nginx does not answer/);
  });

  test("another roller, or a request to stop", () => {
    expect(nextStepFor(new RollgateError("lease-held", "ann rolls"))).toContain("wait for the other");
    const asked = new RollgateError("stop-requested", "someone asked the roll to stop");
    const stopped = new RollgateError("stopped", "the roll was stopped", { cause: asked });
    expect(nextStepFor(new RollFailed("stopped", [], { cause: stopped }))).toBe(
      "run `pulumi up` again: it continues where this roll stopped",
    );
  });

  test("several failures at once get one piece of advice each", async () => {
    const fleet = await two();
    fleet.host("app-1").errors.preflight = new RollgateError("java-missing", "no java");
    fleet.host("app-2").errors.preflight = new RollgateError("java-missing", "no java");
    fleet.proxy.error = new RollgateError("not-our-nginx", "404");
    const next = await nextAfter(fleet);
    expect(next.match(/install Java/g)).toHaveLength(1);
    expect(next).toContain("find out why this stack's nginx does not answer");
  });

  test("anything else gets general advice", () => {
    expect(nextStepFor(new GateFailed("brand-new", "something"))).toMatch(/^see the reason above/);
  });
});
