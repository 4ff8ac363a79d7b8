import { expect, test } from "vitest";
import { kinds } from "#kinds/kinds.ts";
import { launchFingerprint } from "#rollout/host/launchSpec.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import { problemsOf } from "#rollout/request/validate.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const request = {
  ...validRequest(),
  launch: {
    java: "java",
    jvmOptions: ["-Xmx1g"],
    arguments: ["--spring.profiles.active=prod", "--debug", "plain"],
  },
  environment: { REGION: "north", PASSWORD: "common" },
  hostLaunch: {
    "app-2": { jvmOptions: ["-Xmx2g"], arguments: ["--spring.profiles.active=canary", "plain"] },
  },
  hostEnvironment: { "app-3": { PASSWORD: "its own" } },
};

test("a host gets the common options, and its own take precedence", () => {
  expect(launchOf(request, "app-1")).toEqual({ launch: request.launch, environment: request.environment });
  expect(launchOf(request, "app-2")).toEqual({
    launch: {
      java: "java",
      jvmOptions: ["-Xmx1g", "-Xmx2g"],
      arguments: ["--debug", "plain", "--spring.profiles.active=canary", "plain"],
    },
    environment: request.environment,
  });
  expect(launchOf(request, "app-3")).toEqual({
    launch: request.launch,
    environment: { REGION: "north", PASSWORD: "its own" },
  });
});

test("a host's own options change its own fingerprint only", () => {
  const plain = validRequest();
  const fingerprint = (asked: Parameters<typeof launchOf>[0], host: string) =>
    launchFingerprint(launchOf(asked, host), "127.0.0.1", 8081);
  const own = { ...plain, hostEnvironment: { "app-2": { A: "1" } } };
  expect(fingerprint(own, "app-1")).toBe(fingerprint(plain, "app-1"));
  expect(fingerprint(own, "app-2")).not.toBe(fingerprint(plain, "app-2"));
});

test("a reserved option of a host, or an option of an unknown host, is rejected, naming the setting", () => {
  const messages = (change: object) =>
    problemsOf(kinds.request, { ...validRequest(), ...change }).map(({ message }) => message);
  expect(messages({ hostLaunch: { "app-2": { arguments: ["--server.port=1"] } } })).toEqual([
    expect.stringMatching(/^hosts\[1\]\.arguments\[0\]: expected the port only in hosts\[\]\.port/),
  ]);
  expect(messages({ hostEnvironment: { "app-1": { SERVER_PORT: "1" } } })).toEqual([
    expect.stringMatching(/^hosts\[0\]\.environment\.SERVER_PORT: expected the port only in/),
  ]);
  expect(messages({ hostLaunch: { "app-9": { jvmOptions: [] } } })).toEqual([
    "hostLaunch.app-9: expected the name of a host",
  ]);
});
