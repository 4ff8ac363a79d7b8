import { expect, test } from "vitest";
import { containerOptions } from "#kinds/docker/containerOptions.ts";
import { unpackedStart } from "#kinds/docker/containerStart.ts";
import { firstSlot } from "#kinds/docker/dockerSlot.ts";
import { dockerHost } from "../../../support/dockerHost.ts";

const RELEASE = "1.0.0-aaaaaaaaaaaa";
const QUIET = ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"];

test.each([
  ["an unpacked release", "unpacked", []],
  ["one whose classes are wanted", "wanted", ["-XX:DumpLoadedClassList=/tmp/rollgate.classes", ...QUIET]],
  [
    "one whose classes are there",
    "there",
    ["-XX:SharedArchiveFile=/rollgate/dependencies/k/a-b.jsa", "-XX:+VerifySharedSpaces", ...QUIET],
  ],
] as const)("in a container, %s is started from its files", (_, state, options) => {
  const container = { image: "jre:17", user: "10001:10001", memoryMegabytes: 0, milliCpus: 0 };
  const launch = { java: "java", jvmOptions: ["-Xmx256m"], arguments: ["--debug"], container };
  const start = unpackedStart(RELEASE, { archive: "k/a-b.jsa", state });
  const slot = firstSlot(dockerHost());
  expect(containerOptions(slot, RELEASE, "", { launch, environment: {} }, start).Cmd).toEqual([
    "-Xmx256m",
    ...options,
    `@/rollgate/releases/${RELEASE}/startup/start`,
    "--server.port=8080",
    "--server.address=0.0.0.0",
    "--debug",
  ]);
});
