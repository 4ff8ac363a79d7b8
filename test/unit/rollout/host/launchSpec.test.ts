import { expect, test } from "vitest";
import { type LaunchSpec, launchFingerprint } from "#rollout/host/launchSpec.ts";

const container = { image: "jre:17", user: "10001", memoryMegabytes: 512, milliCpus: 0 };
const spec: LaunchSpec = {
  launch: { java: "java", jvmOptions: ["-Xmx1g"], arguments: ["--debug"], container },
  environment: { A: "1", B: "hunter2" },
};
const fingerprint = ({ launch, environment }: LaunchSpec, address = "10.77.0.11", port = 8080) =>
  launchFingerprint({ launch, environment }, address, port);

test("the fingerprint is short, stable, and independent of the order of variables", () => {
  expect(fingerprint(spec)).toMatch(/^[0-9a-f]{12}$/);
  expect(fingerprint({ ...spec, environment: { B: "hunter2", A: "1" } })).toBe(fingerprint(spec));
});

test("any change of how the application is started changes the fingerprint", () => {
  const { launch } = spec;
  const others = [
    fingerprint(spec),
    fingerprint(spec, "10.77.0.12"),
    fingerprint(spec, "10.77.0.11", 8081),
    fingerprint({ ...spec, environment: { A: "1", B: "hunter3" } }),
    fingerprint({ ...spec, environment: { A: "1" } }),
    fingerprint({ ...spec, launch: { ...launch, java: "/opt/java" } }),
    fingerprint({ ...spec, launch: { ...launch, jvmOptions: ["-Xmx2g"] } }),
    fingerprint({ ...spec, launch: { ...launch, jvmOptions: ["-Xmx1g", "--debug"], arguments: [] } }),
    ...(["image", "user"] as const).map((key) =>
      fingerprint({ ...spec, launch: { ...launch, container: { ...container, [key]: "20002" } } }),
    ),
    ...(["memoryMegabytes", "milliCpus"] as const).map((key) =>
      fingerprint({ ...spec, launch: { ...launch, container: { ...container, [key]: 1000 } } }),
    ),
  ];
  expect(new Set(others).size).toBe(others.length);
});
