import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import { releaseId } from "#rollout/release/release.ts";
import { preflight } from "../../../settings/preflight.ts";
import { readSettings } from "../../../settings/readSettings.ts";
import { fakeEngine } from "../../support/fakeEngine.ts";
import { configure } from "../../support/pulumi.ts";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";
import { withoutDockerSettings } from "../../support/withoutDockerSettings.ts";

withoutPulumi();
withoutDockerSettings();

test("settings are read without I/O: no jar is opened, no engine called, no server logged in to", async () => {
  const { url, asked } = await fakeEngine();
  await configure({ jar: "/nowhere/app.jar", kind: "docker", dockerEngine: url });
  expect((await readSettings()).rollout.jar).toEqual({ path: "/nowhere/app.jar" });
  expect(asked).toEqual([]);

  const hosts = [{ name: "app-1", server: "nowhere.invalid", address: "10.0.0.1" }];
  await configure({
    jar: "/nowhere/app.jar",
    kind: "ssh",
    nginxServers: [{ server: "nowhere.invalid" }],
    nginxPort: 80,
    hosts,
  });
  expect((await readSettings()).rollout.hosts).toMatchObject([{ server: "nowhere.invalid" }]);
});

test("the jar and the engine are checked once, and all problems are listed, each with its setting", async () => {
  const jar = "/nowhere/app.jar";
  expect((await refusal({ kind: "docker", dockerEngine: "tcp://127.0.0.1:1", jar })).split("\n")).toEqual([
    "rollgate:jar: expected a jar, found no file: /nowhere/app.jar. Nothing was changed.",
    expect.stringMatching(
      /^rollgate:dockerEngine: expected a Docker engine at tcp:\/\/127\.0\.0\.1:1, got .*\. Nothing was changed\.$/,
    ),
  ]);
  const { url, asked } = await fakeEngine();
  await read({ kind: "docker", dockerEngine: url });
  expect(asked.toSorted()).toEqual([
    "GET /_ping",
    "GET /containers/json",
    "GET /distribution/eclipse-temurin:17-jre/json",
    "GET /distribution/nginx:stable/json",
    "GET /images/eclipse-temurin:17-jre/json",
    "GET /images/nginx:stable/json",
    "GET /networks",
    "GET /networks/rollgate-test",
  ]);
});

test("a preflight that takes too long fails with one line too", async () => {
  const settings = await read({});
  const overdue = () => Promise.reject(new RollgateError("hangs", "asking took longer than 5 s"));
  const error: unknown = await preflight({ ...settings, preflight: overdue }).catch((thrown) => thrown);
  expect(pulumi.RunError.isInstance(error) && error.message).toBe(
    "asking took longer than 5 s. Nothing was changed.",
  );
});

test("the identified jar names the release", async () => {
  const settings = await read({});
  const { jar } = await preflight(settings);
  expect(jar && releaseId(jar)).toMatch(/^1\.2\.3-[0-9a-f]{12}$/);
});
