import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { check, diff } from "#kinds/ssh/provisionedServer.ts";
import { provisionScript } from "#kinds/ssh/provisionPlace.ts";
import type { SshHostDescriptor } from "#kinds/ssh/sshDescriptors.ts";

// Nobody could log in there, so whoever asks fails.
const place: SshHostDescriptor = {
  kind: "ssh",
  name: "app-1",
  address: "10.0.0.1",
  port: 8080,
  server: "deploy@app-1.invalid",
  sshConfig: "/nowhere/config",
  supervisor: "systemd",
  directory: "/srv/rollgate/prod/hosts/app-1",
  unit: "rollgate-prod-app-1",
};
const needs = { account: "rollgate-prod", graceSeconds: 35, command: "java", package: "jre" };
const given = { place, user: "root", ...needs };
const inputs = async (more: object = {}) =>
  (await check({ olds: {}, news: { ...given, deployer: "deploy", ...more } })).inputs ?? {};
const scriptFor = (deployer: string) => provisionScript({ place, ...needs }, deployer);

test("the state knows the script that sets up a server by its hash, and nobody is asked for an account that is known", async () => {
  const script = scriptFor("deploy");
  expect(await inputs()).toEqual({
    ...given,
    deployer: "deploy",
    scriptHash: createHash("sha256").update(script).digest("hex"),
  });
  expect(script.length).toBeGreaterThan(10_000);
  expect(JSON.stringify(await inputs()).length).toBeLessThan(1000);
});

test("a server is set up again if that would be done in another way", async () => {
  const olds = { ...(await inputs()), identity: "a machine" };
  expect(await diff({ olds, news: await inputs() })).toMatchObject({ changes: false, replaces: [] });
  for (const more of [{ graceSeconds: 40 }, { deployer: "other" }, { user: "admin" }])
    expect(await diff({ olds, news: await inputs(more) })).toMatchObject({ changes: true, replaces: [] });
});

test("a server that an earlier version has set up, whose state has the whole script, stays as it is", async () => {
  const olds = { ...given, script: scriptFor("deploy"), identity: "a machine" };
  expect(await diff({ olds, news: await inputs() })).toMatchObject({ changes: false, replaces: [] });
  expect(await diff({ olds, news: await inputs({ deployer: "other" }) })).toMatchObject({ changes: true });
  const before = { ...olds, script: "another" };
  expect(await diff({ olds: before, news: await inputs() })).toMatchObject({ changes: true });
});
