import { expect, test } from "vitest";
import { launchChanges } from "#rollout/host/launchChanges.ts";
import type { LaunchSpec } from "#rollout/host/launchSpec.ts";

const before: LaunchSpec = {
  launch: { java: "java", jvmOptions: ["-Xmx1g"], arguments: ["--debug"] },
  environment: { PASSWORD: "one", LANG: "C" },
};

test("a launch does not differ from itself", () => {
  expect(launchChanges(before, structuredClone(before))).toEqual([]);
});

test("what differs is named, with what was added and removed, but no values", () => {
  expect(
    launchChanges(before, {
      launch: { java: "/opt/jdk/bin/java", jvmOptions: ["-Xmx2g"], arguments: ["--debug"] },
      environment: { PASSWORD: "two", TZ: "UTC" },
    }),
  ).toEqual(["environment.LANG", "environment.PASSWORD", "environment.TZ", "java", "jvmOptions"]);
});
